// Multi-label classification: all that is about images with any number of classes.

import Autograd
import Datasets
import JSON
import Layers
import Reporting
import Tensors

/// Says for each class by itself whether an image has it: binary cross-entropy, the mean over images and classes.
public struct MultiLabelTask: LearningTask {
    /// A name for each class.
    public let vocabulary: Vocabulary
    /// How much the presence of each class counts in the loss; empty for 1 everywhere.
    private let classWeights: [Float]

    /// How many classes the model tells of.
    var classes: Int { vocabulary.classNames.count }

    /// - Parameters:
    ///   - vocabulary: a name for each of the model's outputs, and the thresholds in its settings where there are any.
    ///   - classWeights: how much the presence of each class counts in the loss; empty for 1 everywhere.
    public init(vocabulary: Vocabulary, classWeights: [Float] = []) {
        require(
            classWeights.isEmpty || classWeights.count == vocabulary.classNames.count, "MultiLabelTask",
            "got \(classWeights.count) class weights for \(vocabulary.classNames.count) classes")
        (self.vocabulary, self.classWeights) = (vocabulary, classWeights)
    }

    /// The mean average precision, which decides, and the mean area under the curve, each over the classes that have images.
    public var metrics: [Metric] { [.meanAveragePrecision, .meanAUC] }
    /// Yes.
    public var measuresAnswersAlone: Bool { true }

    /// Zeros and ones.
    public func collator(training: Bool) -> ClassSetCollator { ClassSetCollator(classes: classes) }

    /// Of logits [N, K], []: the sum of w (log(1 + e^x) - t x) over N K, t whether the image has the class and w the image's
    /// weight, times that of the class where it has it. The gradient is w (sigmoid(x) - t) / (N K).
    public func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<ClassSets>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let targets = Tensor([batch.count, classes], batch.targets.values)
        let sum = output.logits.binaryCrossEntropySum(
            targets, weights: batch.targets.elementWeights(classWeights))
        return TaskLoss(total: sum.scaled(by: 1 / Float(max(1, batch.count * classes))))
    }

    /// Ranks images by the logits of each class.
    public func evaluator(_ options: EvaluationOptions) -> MultiLabelEvaluator {
        MultiLabelEvaluator(classNames: vocabulary.classNames, thresholds: thresholds, options)
    }

    /// From which probability on an image is said to have a class, as it goes with the weights; a half where it does not.
    public var thresholds: [Double] {
        let saved = (vocabulary.settings["thresholds"]?.arrayValue ?? []).compactMap(\.doubleValue)
        return saved.count == classes ? saved : Array(repeating: 0.5, count: classes)
    }

    /// The thresholds with the highest F1 on the validation images go with the weights.
    public func settings(after findings: MultiLabelFindings) -> JSONValue? {
        ["thresholds": .array(findings.classes.map { .number($0.bestThreshold ?? 0.5) })]
    }

    /// The names of the classes.
    public func members(of annotation: ClassSet) -> [JSONValue.Member] {
        [.init("classes", .array(annotation.indices.map { .string(vocabulary.classNames[$0]) }))]
    }
}

extension Metric {
    /// The mean over the classes of the average precision.
    public static let meanAveragePrecision = Metric("meanAveragePrecision", title: "mAP")
    /// The mean over the classes of the area under the receiver operating characteristic.
    public static let meanAUC = Metric("meanAUC", title: "mean AUC", style: .plain)
}
