// Super-resolution: all that is about images with more pixels than they came with.

import Autograd
import Datasets
import Distributed
import Layers
import Reporting
import Tensors

/// Enlarging images. The model answers with the large image [N, scale H, scale W, 3], its colors from 0 to 1.
public struct SuperResolutionTask: LearningTask {
    /// A name for each color.
    public let vocabulary: Vocabulary
    let kind: SuperResolutionConfiguration.Kind
    /// How much larger images become, each side.
    let scale: Int

    init(vocabulary: Vocabulary, kind: SuperResolutionConfiguration.Kind, scale: Int) {
        (self.vocabulary, self.kind, self.scale) = (vocabulary, kind, scale)
    }

    /// The peak signal-to-noise ratio, which decides, and the structural similarity, of the model's images and of those
    /// that bicubic interpolation makes of the same.
    public var metrics: [Metric] { [.psnr, .ssim, .bicubicPSNR, .bicubicSSIM] }

    /// Large images.
    public func collator(training: Bool) -> PictureCollator { PictureCollator() }

    /// The mean over all colors of what the configuration names.
    public func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<Pictures>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let (answer, truth) = (output.answer[0], batch.targets.values)
        switch kind {
        case .l1:
            let sum = answer.smoothL1(truth, beta: 0)
            return TaskLoss(total: sum.scaled(by: 1 / Float(truth.elementCount)))
        case .mse: return TaskLoss(total: answer.meanSquaredError(truth))
        case .charbonnier:
            let squares = (answer - Variable(truth)).squared() + Variable(Tensor([], repeating: Self.softness))
            return TaskLoss(total: squares.map(.squareRoot).mean())
        }
    }

    /// What `charbonnier` adds to a squared difference.
    private static let softness: Float = 1e-6

    /// What a difference of colors adds to the loss.
    func distance(_ difference: Float) -> Double {
        switch kind {
        case .l1: Double(abs(difference))
        case .mse: Double(difference * difference)
        case .charbonnier: Double((difference * difference + Self.softness).squareRoot())
        }
    }

    /// What measures answers.
    public func evaluator(_ options: EvaluationOptions) -> SuperResolutionEvaluator {
        SuperResolutionEvaluator(self, options)
    }

    /// Every image in its own size; the loader's batches play no part in it. Processes that work together share the images.
    public func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<PictureCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> SuperResolutionFindings {
        var evaluator = evaluator(options)
        let enlarger = Enlarger(model, store, loader.plan.normalization, scale: scale)
        var reader = SampleReader(loader.dataset)
        try ProcessGroup.current.share {
            try reader.next()
        } answer: { samples in
            try enlarger.answers(
                samples.map(\.image), truths: samples.map(\.annotation.image), distance: distance)
        } take: { samples, answers in
            try evaluator.add(zip(samples, answers).map { ($0, $1) })
            try each(samples.count)
        }
        return try evaluator.finish()
    }
}

extension Metric {
    /// In decibels.
    static let psnr = Metric("PSNR", title: "PSNR", style: .plain)
    static let ssim = Metric("SSIM", title: "SSIM", style: .plain)
    static let bicubicPSNR = Metric("bicubicPSNR", title: "bicubic PSNR", style: .plain)
    static let bicubicSSIM = Metric("bicubicSSIM", title: "bicubic SSIM", style: .plain)
}

extension Enlarger.Answer: Tellable {
    func write(to message: inout ByteMessage) {
        message.add(image.width)
        message.add(image.height)
        message.add(image.channels)
        message.add(image.pixels)
        message.add(loss)
    }

    init(from message: inout ByteMessage) {
        let (width, height, channels) = (message.integer(), message.integer(), message.integer())
        let image = Image(width: width, height: height, channels: channels, pixels: message.array())
        self.init(image: image, loss: message.number())
    }
}
