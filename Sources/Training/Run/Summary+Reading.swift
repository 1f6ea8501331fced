import JSON
import Tensors

extension Summary {
    /// What `summary.json` holds; nil when a number is missing.
    public init?(_ json: JSONValue) {
        func number(_ name: String) -> Double? { json[name]?.doubleValue }
        guard let bestEpoch = json["bestEpoch"]?.countValue, let seconds = number("seconds"),
            (number("testAccuracy") == nil) == (number("bestTestAccuracy") == nil)
        else { return nil }
        self.init()
        // Both are absent where the data has no test part.
        testAccuracy = number("testAccuracy")
        testLoss = number("testLoss")
        self.bestEpoch = bestEpoch
        bestValidationAccuracy = number("bestValidationAccuracy")
        bestTestAccuracy = number("bestTestAccuracy")
        emaTestAccuracy = number("emaTestAccuracy")
        lastValidationAccuracy = number("validationAccuracy")
        lastValidationLoss = number("validationLoss")
        emaValidationAccuracy = number("emaValidationAccuracy")
        epochs = json["epochs"]?.countValue ?? 0
        updates = json["updates"]?.countValue ?? 0
        imagesPerSecond = number("imagesPerSecond") ?? 0
        self.seconds = seconds
        peakMemoryMB = number("peakMemoryMB") ?? 0
        parameters = json["parameters"]?.countValue ?? 0
        stoppedEarly = json["stoppedEarly"]?.stringValue
    }
}

extension DistillationSummary {
    /// What `summary.json` and `stages.json` hold; nil when something is missing.
    public init?(_ json: JSONValue, stages: JSONValue?) {
        guard let arm = json["arm"]?.stringValue.flatMap(Arm.init), let seed = json["seed"]?.integerValue,
            let summary = Summary(json)
        else { return nil }
        self.init(
            arm: arm, seed: seed, order: (json["order"]?.arrayValue ?? []).compactMap(\.stringValue), summary: summary,
            trainLoss: json["trainLoss"]?.doubleValue ?? .nan,
            trainAccuracy: json["trainAccuracy"]?.doubleValue ?? .nan,
            stages: (stages?.arrayValue ?? []).compactMap { StageResult($0) })
    }
}
