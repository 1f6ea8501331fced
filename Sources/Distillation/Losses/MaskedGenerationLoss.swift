import Autograd
import Layers
import Tensors

/// Masked generative distillation: a random part of the student's map is set to 0 and two 3x3 convolutions with a ReLU
/// between them must still generate the teacher's; the sum of (G(M s) - t)^2 divided by the number of images. Yang et
/// al., arXiv 2205.01529.
///
/// The mask is a function of the step's random stream. The convolutions are trained with the student and thrown away.
public struct MaskedGenerationLoss: DistillationLoss {
    /// What is masked.
    public enum Mask: String, Sendable, CaseIterable, Codable {
        /// Whole channels, [N, 1, 1, C]: for classification.
        case channel
        /// Whole positions, [N, H, W, 1]: for the maps of detectors and of segmentation.
        case spatial
    }

    /// What is masked.
    public let mask: Mask
    /// The share that is set to 0.
    public let ratio: Double
    package let path: String
    package let first: Convolution
    package let second: Convolution

    /// - Parameters:
    ///   - channels: of the teacher's map.
    ///   - ratio: 0.15 for channels and 0.65 for positions when absent; 0.45 is published for two-stage detectors.
    public init(_ scope: Scope, channels: Int, mask: Mask = .channel, ratio: Double? = nil) {
        self.mask = mask
        self.ratio = ratio ?? MaskedGenerationLoss.ratio(for: mask)
        path = scope.path
        first = Convolution(
            scope["generation.0"], inputs: channels, outputs: channels, kernel: 3, padding: 1,
            initializer: .uniformFanIn)
        second = Convolution(
            scope["generation.2"], inputs: channels, outputs: channels, kernel: 3, padding: 1,
            initializer: .uniformFanIn)
    }

    /// The published share.
    public static func ratio(for mask: Mask) -> Double { mask == .channel ? 0.15 : 0.65 }

    /// The loss, [].
    public func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S> {
        requireMaps("maskedGenerationLoss", student.shape, teacher.shape)
        let layers = context.layers
        let mask: Tensor<S> = drawMask(
            student.shape, layers.random.derived(path), firstSample: layers.firstSample)
        return distance(student, teacher, mask, layers)
    }

    /// The loss under a mask, [N, 1, 1, C] or [N, H, W, 1].
    package func distance<S: Scalar>(
        _ student: Variable<S>, _ teacher: Tensor<S>, _ mask: Tensor<S>, _ context: Context<S>
    ) -> Variable<S> {
        let generated = second(first(student * Variable(mask), context).relu(), context)
        return generated.meanSquaredError(teacher).scaled(Double(teacher.elementCount) / Double(teacher.shape[0]))
    }

    /// Ones and zeros, the share of zeros being `ratio` on average; not rescaled.
    ///
    /// - Parameter firstSample: the place of the first image in its batch; a part of a batch has the masks that its images
    ///   have in the whole.
    package func drawMask<S: Scalar>(_ shape: Shape, _ key: RandomKey, firstSample: Int = 0) -> Tensor<S> {
        let size: Shape = mask == .channel ? [shape[0], 1, 1, shape[3]] : [shape[0], shape[1], shape[2], 1]
        var random = Random(key)
        for _ in 0..<firstSample * (size.elementCount / max(1, shape[0])) { _ = random.chance(ratio) }
        return Tensor(size, (0..<size.elementCount).map { _ in random.chance(ratio) ? 0 : 1 })
    }
}
