// Classification: all that is about one class for each image: targets, loss, measure, answer, report, keys.

import Autograd
import Datasets
import JSON
import Layers
import Reporting
import Tensors

/// Classification: cross-entropy with label smoothing or with the shares of mixed batches, or binary cross-entropy with
/// either, each class with a weight where there are any.
public struct ClassificationTask: LearningTask {
    /// A name for each class that the model tells apart.
    public let vocabulary: Vocabulary
    let configuration: ClassificationConfiguration
    /// The classes of the data, which labels count in; the model may have more outputs.
    private let dataClasses: Int
    /// One for each output; empty for 1 everywhere.
    private let classWeights: [Float]

    /// How many classes the model tells apart.
    var classes: Int { vocabulary.classNames.count }

    /// - Parameters:
    ///   - vocabulary: a name for each of the model's outputs.
    ///   - dataClasses: how many of them the data has, all by default.
    ///   - classWeights: one for each output; empty for 1 everywhere.
    public init(
        vocabulary: Vocabulary, configuration: ClassificationConfiguration, dataClasses: Int? = nil,
        classWeights: [Float] = []
    ) {
        require(
            classWeights.isEmpty || classWeights.count == vocabulary.classNames.count, "ClassificationTask",
            "got \(classWeights.count) class weights for \(vocabulary.classNames.count) classes")
        self.vocabulary = vocabulary
        self.configuration = configuration
        self.dataClasses = dataClasses ?? vocabulary.classNames.count
        self.classWeights = classWeights
    }

    /// Accuracy, which decides, and top-five accuracy.
    public var metrics: [Metric] { [.accuracy, .topFiveAccuracy] }
    /// Accuracy: images whose largest logit is at their class.
    public var trainingMetric: Metric? { .accuracy }
    /// Yes.
    public var measuresAnswersAlone: Bool { true }
    /// Whether mixup or cutmix is on.
    public var mixesImages: Bool { configuration.mixing.isOn }

    /// Labels; shares of mixed images where mixing is on and `training`.
    public func collator(training: Bool) -> LabelCollator {
        LabelCollator(
            classCount: dataClasses, mixing: training && configuration.mixing.isOn ? configuration.mixing : nil,
            smoothing: Float(configuration.labelSmoothing))
    }

    /// Of logits [N, classes], []. The gradient is that of the chosen kind, each class's term times its weight: for
    /// cross-entropy the softmax less the target, over N; for binary cross-entropy the sigmoid less the target, over
    /// N * classes. Where images have weights, each one's is multiplied with its weight; the divisors stay.
    public func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<Labels>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let logits = output.logits
        return TaskLoss(total: loss(of: logits, batch.targets), measured: Double(batch.targets.hits(logits.value)))
    }

    /// Of logits [count, classes], []: the mean over the images (crossEntropy) or over all elements (binaryCrossEntropy),
    /// each class's term times its weight, and each image's times its own.
    private func loss(of logits: Variable<Float>, _ labels: Labels) -> Variable<Float> {
        if let weights = labels.weights { return loss(of: logits, labels, imageWeights: weights) }
        switch configuration.kind {
        case .crossEntropy:
            if let targets = labels.shareTensor(outputs: classes) {
                return logits.crossEntropy(targets: weighted(targets))
            }
            if classWeights.isEmpty {
                return logits.crossEntropy(labels: labels.classes, smoothing: configuration.labelSmoothing)
            }
            return logits.crossEntropy(targets: weighted(smoothedTargets(labels)))
        case .binaryCrossEntropy:
            return logits.binaryCrossEntropy(
                targets: labels.shareTensor(outputs: classes) ?? smoothedTargets(labels),
                classWeights: classWeights.isEmpty ? nil : Tensor([classes], classWeights))
        }
    }

    private func loss(of logits: Variable<Float>, _ labels: Labels, imageWeights: [Float]) -> Variable<Float> {
        let targets = labels.shareTensor(outputs: classes) ?? smoothedTargets(labels)
        switch configuration.kind {
        case .crossEntropy:
            // The loss is linear in the targets.
            let scale = imageWeights.scaledRows(of: weighted(targets))
            return logits.crossEntropy(targets: scale)
        case .binaryCrossEntropy:
            let ones = Tensor<Float>([imageWeights.count, classes], repeating: 1)
            return logits.binaryCrossEntropySum(targets, weights: imageWeights.scaledRows(of: weighted(ones)))
                .scaled(by: 1 / Float(max(1, imageWeights.count * classes)))
        }
    }

    private func weighted(_ targets: Tensor<Float>) -> Tensor<Float> {
        classWeights.isEmpty ? targets : targets * Tensor([classes], classWeights)
    }

    /// The labels as targets [count, classes]: smoothing / classes everywhere, and 1 - smoothing more at the label.
    private func smoothedTargets(_ labels: Labels) -> Tensor<Float> {
        let smoothing = Float(configuration.labelSmoothing)
        let count = labels.classes.count
        return Tensor([count, classes]) { target in
            target.initialize(repeating: smoothing / Float(classes), count: count * classes)
            for i in 0..<count { target[i * classes + Int(labels.classes[i])] += 1 - smoothing }
        }
    }

    /// Counts right answers and adds up the cross-entropy, without smoothing and without weights.
    public func evaluator(_ options: EvaluationOptions) -> ClassificationEvaluator {
        ClassificationEvaluator(
            classNames: vocabulary.classNames, temperature: temperature, fitsTemperature: configuration.fitsTemperature,
            options)
    }

    /// What logits are divided by for probabilities, as it goes with the weights; 1 where none does.
    var temperature: Double { vocabulary.settings["temperature"]?.doubleValue ?? 1 }

    /// The temperature goes with the weights where it is asked for.
    public func settings(after findings: ClassificationFindings) -> JSONValue? {
        findings.temperature.map { ["temperature": .number($0)] }
    }

    /// Rows are images, and each has a class.
    public var hasRowLabels: Bool { true }

    /// The class of each image.
    public func rowLabels(_ target: Labels) -> [Int32] { target.classes }

    /// The class's index.
    public func members(of annotation: ClassLabel) -> [JSONValue.Member] {
        [.init("label", .integer(annotation.index))]
    }

    /// One image each of up to ten classes.
    public func showcase(
        _ dataset: any LabeledDataset
    ) throws -> [(index: Int, annotation: [JSONValue.Member])] {
        var chosen: [(index: Int, annotation: [JSONValue.Member])] = []
        var seen: Set<Int> = []
        let most = min(10, dataset.classNames.count)
        for index in 0..<dataset.count where chosen.count < most {
            let annotation = try dataset.annotation(index)
            if seen.insert(annotation.index).inserted { chosen.append((index, members(of: annotation))) }
        }
        return chosen
    }
}

extension [Float] {
    /// A tensor [count, K] with each row times its number.
    func scaledRows(of tensor: Tensor<Float>) -> Tensor<Float> {
        let columns = tensor.elementCount / Swift.max(1, count)
        return tensor.read { values in
            Tensor(tensor.shape) { scaled in
                for row in indices {
                    for i in row * columns..<(row + 1) * columns { scaled[i] = self[row] * values[i] }
                }
            }
        }
    }
}
