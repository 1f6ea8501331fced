// Segmentation: all that is about one class for each pixel: targets, losses, measures, answers, report, keys.

import Autograd
import Datasets
import Distributed
import JSON
import Layers
import Reporting
import Tensors

/// Semantic segmentation: a class for each pixel. The model answers with scores [N, h, w, K] of any resolution, which are
/// brought to the labels' size by bilinear interpolation; in training a second map may come from an auxiliary head.
public struct SegmentationTask: LearningTask {
    /// A name for each class.
    public let vocabulary: Vocabulary
    let configuration: SegmentationConfiguration
    let settings: SegmentationSettings
    /// Of each class in the loss; empty for 1 everywhere.
    let classWeights: [Double]

    /// How many classes the model tells apart.
    var classes: Int { vocabulary.classNames.count }

    /// - Parameters:
    ///   - vocabulary: a name for each class.
    ///   - classWeights: one for each class; empty for 1 everywhere.
    init(
        vocabulary: Vocabulary, configuration: SegmentationConfiguration, settings: SegmentationSettings,
        classWeights: [Double] = []
    ) {
        self.vocabulary = vocabulary
        self.configuration = configuration
        self.settings = settings
        self.classWeights = classWeights
    }

    /// The mean intersection over union, which decides; pixel accuracy, Dice, class accuracy, and boundary F1 where it is
    /// asked for.
    public var metrics: [Metric] {
        [.meanIoU, .pixelAccuracy, .meanDice, .imageDice, .meanClassAccuracy]
            + (configuration.boundaryTolerance > 0 ? [.boundaryF1] : [])
    }

    /// Masks.
    public func collator(training: Bool) -> MaskCollator { MaskCollator() }

    /// The losses of the configuration on the scores, brought to the masks' size, and of an auxiliary head's times its
    /// weight.
    public func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<Masks>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let masks = batch.targets
        var (total, terms) = SegmentationLoss(configuration, classWeights)(output.answer[0], masks)
        if output.answer.count > 1, configuration.auxiliaryWeight > 0 {
            let auxiliary = SegmentationLoss(configuration, classWeights).pixelLoss(output.answer[1], masks)
            let weight = configuration.auxiliaryWeight
            let value = Double(auxiliary.value.item)
            terms.append(TaskLoss.Term(name: "auxiliary", raw: value, weighted: weight * value))
            total = total + auxiliary.scaled(by: Float(weight))
        }
        return TaskLoss(total: total, terms: terms.count > 1 ? terms : [])
    }

    /// The weights of the pixels that count, where the loss is of single pixels; what a loss of regions or of the hardest
    /// pixels is divided by depends on the answer.
    public func lossDivisor(_ target: Masks) -> Double? {
        guard configuration.diceWeight == 0, configuration.lovaszWeight == 0 else { return nil }
        return SegmentationLoss(configuration, classWeights).divisor(target)
    }

    /// What measures answers.
    public func evaluator(_ options: EvaluationOptions) -> SegmentationEvaluator {
        SegmentationEvaluator(self, options)
    }

    /// Every image in its own size, as the settings say; the loader's batches play no part in it. Processes that work together
    /// share the images.
    public func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<MaskCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> SegmentationFindings {
        var evaluator = evaluator(options)
        let inference = SegmentationInference(
            model: model, store: store, normalization: loader.plan.normalization, settings: settings)
        var reader = SampleReader(loader.dataset)
        try ProcessGroup.current.share {
            try reader.next()
        } answer: { samples in
            try inference.answers(samples.map { ($0.image, $0.annotation) })
        } take: { samples, answers in
            for (sample, answer) in zip(samples, answers) {
                try evaluator.add(answer, mask: sample.annotation, index: sample.index)
            }
            try each(samples.count)
        }
        return try evaluator.finish()
    }

    /// The scores as rows [N * h * w, K].
    public func classRows(_ output: ModelOutput<Float>) -> Variable<Float> {
        let scores = output.answer[0]
        return scores.reshaped([scores.shape[0] * scores.shape[1] * scores.shape[2], scores.shape[3]])
    }

    /// The scores brought to the other map's size first, so that a pixel of one is a pixel of the other.
    public func classRows(_ output: ModelOutput<Float>, like other: ModelOutput<Float>) -> Variable<Float> {
        let (scores, wanted) = (output.answer[0], other.answer[0].shape)
        if scores.shape[1] == wanted[1] && scores.shape[2] == wanted[2] { return classRows(output) }
        let resized = scores.resized(height: wanted[1], width: wanted[2], .bilinear(alignCorners: false))
        return classRows(ModelOutput(answer: [resized], features: []))
    }

    /// An auxiliary head has no gradient where its weight is 0.
    public var reachesAllParameters: Bool { configuration.auxiliaryWeight > 0 }
}

extension PixelAnswers: Tellable {
    package func write(to message: inout ByteMessage) {
        message.add(classes)
        message.add(loss)
    }

    package init(from message: inout ByteMessage) { self.init(classes: message.array(), loss: message.number()) }
}
