// RunLayout: the names of files in the folder of a run or a sweep, and how such files are told from foreign ones.

/// The names of what stands in the folder of a run, each relative to it; one list for those who write and those who read.
public enum RunFiles {
    /// The run's configuration, every key with its value.
    public static let configuration = "config.yaml"
    /// Which program made the run.
    public static let about = "about.json"
    /// One line per epoch.
    public static let metrics = "metrics.jsonl"
    /// The result, once the run has come to its end.
    public static let summary = "summary.json"
    /// The order of a distillation's teachers and how it was found.
    public static let order = "order.json"
    /// What each stage of a distillation brought.
    public static let stages = "stages.json"
    /// All arms of a distillation over several seeds.
    public static let comparison = "comparison.json"
    /// What was known when a number was not finite.
    public static let postMortem = "post-mortem.json"
    /// The folder of saved states.
    public static let state = "state"
    /// The folder of event files.
    public static let tensorBoard = "tensorboard"
    /// The report's page.
    public static let reportPage = "report.html"
    /// The folder of what the report is made of.
    public static let report = "report"
    /// Command, machine, data, model and configuration.
    public static let description = "report/run.json"
    /// Augmented training images.
    public static let samples = "report/samples.json"
    /// What the last evaluation found.
    public static let result = "report/result.json"
    /// What the model said of a few images after so many epochs.
    public static func snapshot(_ epoch: Int) -> String { "report/snapshot-\(epoch).json" }
    /// The epoch of such a file of the folder `report`; nil for another one.
    public static func snapshotEpoch(_ name: String) -> Int? {
        guard name.hasPrefix("snapshot-"), name.hasSuffix(".json") else { return nil }
        return Int(name.dropFirst("snapshot-".count).dropLast(".json".count))
    }
    /// The spread of weights and gradients, one line per epoch.
    public static let histograms = "report/histograms.jsonl"
    /// The folder of weights.
    public static let weights = "weights"
    /// Of the last epoch.
    public static let lastWeights = "weights/last.safetensors"
    /// Of the epoch that did best on the validation part.
    public static let bestWeights = "weights/best.safetensors"
    /// The moving average.
    public static let averageWeights = "weights/ema.safetensors"
    /// Of a stage of a distillation, counted from 1.
    public static func stageWeights(_ stage: Int) -> String { "weights/stage-\(stage).safetensors" }
    /// After an epoch that was asked for, counted from 1.
    public static func epochWeights(_ epoch: Int) -> String {
        let digits = String(epoch)
        return "weights/epoch-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).safetensors"
    }
    /// Whether a file of the folder of weights is that of a stage or of an epoch.
    public static func isNumberedWeights(_ name: String) -> Bool {
        (name.hasPrefix("stage-") || name.hasPrefix("epoch-")) && name.hasSuffix(".safetensors")
    }

    /// All files that a run may leave, but for states, event files and the weights of stages and epochs.
    public static let all = [
        configuration, about, metrics, summary, order, stages, comparison, postMortem, reportPage, description, samples,
        result, histograms, lastWeights, bestWeights, averageWeights,
    ]
}
