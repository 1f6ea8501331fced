// Regression: all that is about numbers that are known of whole images.

import Autograd
import Datasets
import JSON
import Layers
import Reporting
import Tensors

/// Says one or several numbers of an image. The model answers in deviations from the mean of the training images, and
/// everything that people see is in their own units.
public struct RegressionTask: LearningTask {
    /// A name for each number.
    public let vocabulary: Vocabulary
    let kind: RegressionConfiguration.Kind
    /// Where huber becomes straight.
    let delta: Double
    let units: Standardization

    /// How many numbers an image has.
    var outputs: Int { vocabulary.classNames.count }

    init(vocabulary: Vocabulary, kind: RegressionConfiguration.Kind, delta: Double) {
        (self.vocabulary, self.kind, self.delta) = (vocabulary, kind, delta)
        let outputs = vocabulary.classNames.count
        units =
            Standardization(vocabulary.settings, outputs: outputs)
            ?? Standardization(
                mean: Array(repeating: 0, count: outputs), deviation: Array(repeating: 1, count: outputs))
    }

    /// The coefficient of determination, which decides, and the errors, each the mean over the targets.
    public var metrics: [Metric] { [.rSquared, .meanAbsoluteError, .rootMeanSquaredError] }
    /// Yes.
    public var measuresAnswersAlone: Bool { true }

    /// Numbers.
    public func collator(training: Bool) -> QuantityCollator { QuantityCollator(outputs: outputs) }

    /// Of answers [N, K], []: the mean over all elements of what the configuration names of their differences d from the
    /// standardized targets, each image's times its weight. The gradient over N K is 2 d, d cut to ± delta, or its sign.
    public func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<QuantityTargets>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let count = batch.count
        let targets = Tensor([count, outputs]) { result in
            for (i, value) in batch.targets.values.enumerated() {
                result[i] = Float(units.standardized(value, i % outputs))
            }
        }
        let share = 1 / Float(max(1, count * outputs))
        let weights = batch.targets.weights.map { Tensor([count, 1], $0) }
        let answer = output.logits
        switch kind {
        case .mse:
            guard let weights else { return TaskLoss(total: answer.meanSquaredError(targets)) }
            let ones = Tensor<Float>([count, outputs], repeating: 1)
            return TaskLoss(
                total: answer.weightedSquares(targets, positions: weights, channels: ones).scaled(by: share))
        case .huber:
            let sum = answer.smoothL1(targets, beta: delta, weights: weights)
            return TaskLoss(total: sum.scaled(by: share * Float(delta)))
        case .l1:
            return TaskLoss(total: answer.smoothL1(targets, beta: 0, weights: weights).scaled(by: share))
        }
    }

    /// What a difference in deviations adds to the loss.
    func distance(_ difference: Double) -> Double {
        switch kind {
        case .mse: difference * difference
        case .huber:
            abs(difference) < delta
                ? difference * difference / 2 : delta * (abs(difference) - delta / 2)
        case .l1: abs(difference)
        }
    }

    /// Keeps truth and answer of each image.
    public func evaluator(_ options: EvaluationOptions) -> RegressionEvaluator { RegressionEvaluator(self, options) }

    /// Each number by its name.
    public func members(of annotation: Quantities) -> [JSONValue.Member] {
        let texts = zip(vocabulary.classNames, annotation.values).enumerated().map { target, entry in
            "\(entry.0) \(UnitText(deviation: units.deviation[target]).text(entry.1))"
        }
        return [.init("classes", .array(texts.map { .string($0) }))]
    }
}

extension Metric {
    /// The share of the targets' variance that answers explain; below 0 for answers worse than the mean.
    public static let rSquared = Metric("rSquared", title: "R²", style: .plain)
    /// How far answers are off on average, in the target's unit.
    public static let meanAbsoluteError = Metric(
        "meanAbsoluteError", title: "mean absolute error", style: .plain, isHigherBetter: false)
    /// The root of the mean squared difference, in the target's unit.
    public static let rootMeanSquaredError = Metric(
        "rootMeanSquaredError", title: "root mean squared error", style: .plain, isHigherBetter: false)
}
