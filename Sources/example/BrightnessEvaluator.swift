import Datasets
import Layers
import Reporting
import Tasks
import Tensors

extension Metric {
    /// How far the answers are off, on average; less is better.
    static let brightnessError = Metric(
        "meanAbsoluteError", title: "mean absolute error", style: .plain, isHigherBetter: false)
}

/// What an evaluation found.
struct BrightnessFindings: TaskFindings {
    let scores: Scores
}

/// Measures answers batch by batch.
struct BrightnessEvaluator: Evaluator {
    private var count = 0
    private var distance = 0.0
    private var squares = 0.0

    mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<BrightnessTargets>) {
        for (answer, target) in zip(output.logits.value.array, batch.targets.values) {
            let difference = Double(answer - target)
            distance += abs(difference)
            squares += difference * difference
        }
        count += batch.count
    }

    func finish() -> BrightnessFindings {
        let total = Double(max(1, count))
        return BrightnessFindings(
            scores: Scores(loss: squares / total, count: count, [.brightnessError: distance / total]))
    }
}
