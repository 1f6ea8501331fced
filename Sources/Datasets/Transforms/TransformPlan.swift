// Transforms: what is done to an image before a model sees it, as a plan and as pixels.

import Foundation
import Tensors

/// The mean and deviation that pixels in 0...1 are normalised with, one value per channel.
public struct Normalization: Codable, Sendable, Hashable {
    /// The mean of each channel.
    public var mean: [Float]
    /// The standard deviation of each channel.
    public var deviation: [Float]

    /// - Parameters:
    ///   - mean: of each channel, of values in 0...1.
    ///   - deviation: of each channel, of values in 0...1.
    public init(mean: [Float], deviation: [Float]) {
        self.mean = mean
        self.deviation = deviation
    }

    /// What each of the 256 bytes becomes in a channel.
    package func levels(channel: Int) -> [Float] {
        let (mean, deviation) = (mean[channel], deviation[channel])
        return (0..<256).map { (byte: Int) -> Float in (Float(byte) / 255 - mean) / deviation }
    }

    /// Takes the normalisation of pixels [.., channels] off again.
    package func bytes(_ values: some Sequence<Float>) -> [UInt8] {
        values.enumerated().map { position, value in
            let channel = position % mean.count
            let pixel = value * deviation[channel] + mean[channel]
            return pixel.isFinite ? UInt8(min(max((pixel * 255).rounded(), 0), 255)) : 0
        }
    }

    /// The statistics of ImageNet that published weights expect.
    public static let imageNet = Normalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
}

/// Everything between a decoded image and the model's input, for training and for evaluation. It is stored with the
/// weights, so that other programs can repeat it.
public struct TransformPlan: Codable, Sendable, Hashable {
    /// The model's input; an image that the steps leave at another size is brought to it by `TransformStep.fit`.
    public var width: Int
    /// The height of the model's input.
    public var height: Int
    /// 1 or 3; images are converted before the first step.
    public var channels: Int
    /// The steps of training, in order.
    public var training: [TransformStep]
    /// The steps of evaluation, in order.
    public var evaluation: [TransformStep]
    /// Applied to the bytes that the steps leave, scaled to 0...1.
    public var normalization: Normalization
    /// Applied to normalised pixels, in training only.
    public var erasing: RandomErasing?

    /// A plan of these parts; whether it is possible is checked when a `Transform` is made of it.
    public init(
        width: Int, height: Int, channels: Int, training: [TransformStep], evaluation: [TransformStep],
        normalization: Normalization, erasing: RandomErasing? = nil
    ) {
        self.width = width
        self.height = height
        self.channels = channels
        self.training = training
        self.evaluation = evaluation
        self.normalization = normalization
        self.erasing = erasing
    }

    /// The most pixels that the input may have.
    package static let mostPixels = 1 << 24
    /// The longest side that the input may have.
    package static let longestSide = 8192

    /// What makes the plan impossible, one sentence, or nil.
    package var problem: String? {
        if width < 1 || height < 1 { return "the input of \(height) x \(width) pixels is empty" }
        if max(width, height) > Self.longestSide || width * height > Self.mostPixels {
            return
                "the input of \(height) x \(width) pixels is too large, expected at most \(Self.mostPixels) pixels and "
                + "\(Self.longestSide) a side"
        }
        if channels != 1 && channels != 3 { return "\(channels) input channels are not possible, only 1 or 3" }
        for (name, values) in [("mean", normalization.mean), ("deviation", normalization.deviation)] {
            if values.count != channels { return "the \(name) has \(values.count) values for \(channels) channels" }
        }
        if let value = normalization.deviation.first(where: { !(1e-6...1e6).contains($0) }) {
            return "a deviation of \(value) is not possible, expected 1e-6 to 1e6"
        }
        if let value = normalization.mean.first(where: { !(-1e6...1e6).contains($0) }) {
            return "a mean of \(value) is not possible, expected -1e6 to 1e6"
        }
        if training.count > 64 || evaluation.count > 64 { return "more than 64 steps are not possible" }
        for step in training + evaluation {
            if let problem = step.problem { return problem }
        }
        return erasing?.problem
    }
}

/// Whether images are prepared for training or for evaluation.
public enum TransformMode: Sendable {
    /// The plan's training steps, and erasing.
    case training
    /// The plan's evaluation steps.
    case evaluation
}

/// A plan made ready for one mode.
public final class Transform: Sendable {
    /// What is done to images.
    public let plan: TransformPlan
    /// Which of the plan's steps are done.
    public let mode: TransformMode
    /// The steps up to the first random one: their results are the same in every epoch.
    private let prefix: [TransformStep]
    private let rest: [TransformStep]
    /// The normalised value of each byte [channel, 256].
    private let table: [Float]

    /// Makes a plan ready.
    /// - Throws: `DatasetError` where the plan is impossible.
    public init(_ plan: TransformPlan, mode: TransformMode) throws {
        if let problem = plan.problem { throw DatasetError("transforms", problem) }
        self.plan = plan
        self.mode = mode
        let steps = mode == .training ? plan.training : plan.evaluation
        let fixed = steps.firstIndex { !$0.isDeterministic } ?? steps.count
        prefix = Array(steps[..<fixed])
        rest = Array(steps[fixed...])
        table = (0..<plan.channels).flatMap { plan.normalization.levels(channel: $0) }
    }

    /// How many numbers one image becomes.
    package var valueCount: Int { plan.width * plan.height * plan.channels }

    /// Whether `prepare` may change an image.
    var prepares: Bool { !prefix.isEmpty }

    /// The image after conversion and the leading steps without randomness, and how they moved its pixels; worth keeping
    /// between epochs.
    func prepare(_ image: Image, _ workspace: TransformWorkspace) -> PreparedImage {
        let image = image.converted(channels: plan.channels)
        guard prepares else { return PreparedImage(image, .identity(image.size)) }
        return image.pixels.withUnsafeBufferPointer { pixels in
            var canvas = Canvas(image, pixels: pixels.baseAddress!, scratch: workspace.scratch)
            var unused = Random(seed: 0, purpose: "")
            for step in prefix { step.apply(to: &canvas, &unused) }
            return PreparedImage(canvas.image(), canvas.motion)
        }
    }

    /// Writes a prepared image's normalised pixels [height, width, channels].
    /// - Parameter guide: what is said about the image, for steps that choose what to cut out.
    /// - Returns: the motion from the decoded image to the model's input.
    @discardableResult
    func finish(
        _ prepared: PreparedImage, _ random: inout Random, _ workspace: TransformWorkspace,
        into output: UnsafeMutablePointer<Float>, guide: TransformGuide? = nil
    ) -> Motion {
        let image = prepared.image
        let motion = image.pixels.withUnsafeBufferPointer { pixels in
            var canvas = Canvas(
                image, pixels: pixels.baseAddress!, scratch: workspace.scratch, motion: prepared.motion)
            for step in rest { step.apply(to: &canvas, &random, guide: guide) }
            if canvas.width != plan.width || canvas.height != plan.height {
                fitCanvas(&canvas, width: plan.width, height: plan.height, filter: .bilinear)
            }
            canvas.lookUp(table, into: output)
            return canvas.motion
        }
        if mode == .training, let erasing = plan.erasing {
            erasing.apply(to: output, width: plan.width, height: plan.height, channels: plan.channels, &random)
        }
        return motion
    }

    /// The normalised pixels [height, width, channels] of one image.
    /// - Parameter random: what random steps draw from; evaluation plans usually have none.
    public func callAsFunction(
        _ image: Image, random: Random = Random(seed: 0, purpose: "transform")
    ) -> [Float] {
        moved(image, random: random).pixels
    }

    /// The normalised pixels [height, width, channels] of one image, and the motion that moves its annotations with them.
    /// - Parameter random: what random steps draw from; evaluation plans usually have none.
    public func moved(
        _ image: Image, random: Random = Random(seed: 0, purpose: "transform")
    ) -> (pixels: [Float], motion: Motion) {
        let workspace = TransformWorkspace()
        var random = random
        let prepared = prepare(image, workspace)
        var motion = prepared.motion
        let pixels = [Float](unsafeUninitializedCapacity: valueCount) { buffer, count in
            motion = finish(prepared, &random, workspace, into: buffer.baseAddress!)
            count = valueCount
        }
        return (pixels, motion)
    }
}

/// An image after the steps that are the same in every epoch.
final class PreparedImage: Sendable {  // a class, so that the places of a cache are small while they are empty
    let image: Image
    /// From the decoded image to this one.
    let motion: Motion

    init(_ image: Image, _ motion: Motion) { (self.image, self.motion) = (image, motion) }
}

/// The scratch memory of one thread.
final class TransformWorkspace {
    let scratch = Canvas.makeScratch()
}
