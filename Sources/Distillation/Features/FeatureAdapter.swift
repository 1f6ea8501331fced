import Autograd
import Layers
import Tensors

/// Brings a student's map to the channels and size of the teacher's. It is trained with the student and thrown away
/// afterwards; there is none on the teacher's side, where mapping everything to 0 would be a perfect answer.
public struct FeatureAdapter: Layer, CustomStringConvertible {
    /// How the size is changed.
    public enum Resizing: Sendable, Hashable {
        /// Both sizes are the same.
        case identity
        /// Bilinear, after the convolution.
        case enlarging
        /// Averaging, before the convolution.
        case reducing
    }

    /// The taps that it lies between.
    public let pair: FeaturePair
    /// How the size is changed.
    public let resizing: Resizing
    /// The 1x1 convolution; it runs at the smaller of the two sizes, which gives the same result as at the larger.
    public let convolution: Linear?

    /// Declares the convolution where channels differ.
    public init(_ scope: Scope, _ pair: FeaturePair) {
        self.pair = pair
        let (s, t) = (pair.student, pair.teacher)
        resizing = FeatureAdapter.resizing(Pair(s.height, s.width), Pair(t.height, t.width))
        convolution =
            s.channels == t.channels
            ? nil
            : Linear(scope, inputs: s.channels, outputs: t.channels, layout: .pointwise, initializer: .uniformFanIn)
    }

    private static func resizing(_ size: Pair, _ target: Pair) -> Resizing {
        if size == target { return .identity }
        return size.height >= target.height && size.width >= target.width ? .reducing : .enlarging
    }

    /// [N, h, w, student's channels] -> [N, H, W, teacher's channels].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        self(x, size: Pair(pair.teacher.height, pair.teacher.width), context)
    }

    /// The same at the size that the teacher's map has for a batch: batches may be cut to what their images need.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, size: Pair, _ context: Context<S>) -> Variable<S> {
        require(
            x.shape.rank == 4 && x.shape[3] == pair.student.channels, "adapter of \(pair.student.name)", [x.shape],
            "the map must be [N, H, W, \(pair.student.channels)]")
        let resizing = FeatureAdapter.resizing(Pair(x.shape[1], x.shape[2]), size)
        let reduced = resizing == .reducing ? x.averagePooled(to: size) : x
        let mapped = convolution.map { $0(reduced, context) } ?? reduced
        return resizing == .enlarging
            ? mapped.resized(height: size.height, width: size.width, .bilinear(alignCorners: false)) : mapped
    }

    /// Checks the shape of the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let (s, t) = (pair.student, pair.teacher)
        guard input.dimensions.dropFirst() == [s.height, s.width, s.channels] else {
            throw ModelError(
                "adapter of \(s.name): found a map \(input), expected [\(input[0]), \(s.height), \(s.width), \(s.channels)]"
            )
        }
        let output: Shape = [input[0], t.height, t.width, t.channels]
        guard let convolution else { return output }
        let pixels = min(s.height * s.width, t.height * t.width)
        _ = try convolution.trace([input[0], pixels, s.channels], trace)
        return output
    }

    /// The adapter's trainable numbers.
    public var parameterCount: Int {
        convolution.map { $0.weight.shape.elementCount + ($0.bias?.shape.elementCount ?? 0) } ?? 0
    }

    /// `stage2 [16x16x64, stride 4] -> stages.1 [8x8x96, stride 4]: averaged to 8x8, 1x1 convolution 64 -> 96`.
    public var description: String {
        let (s, t) = (pair.student, pair.teacher)
        var steps: [String] = []
        if resizing == .reducing { steps.append("averaged to \(t.height)x\(t.width)") }
        if convolution != nil { steps.append("1x1 convolution \(s.channels) -> \(t.channels)") }
        if resizing == .enlarging { steps.append("bilinear to \(t.height)x\(t.width)") }
        func text(_ tap: FeatureTap) -> String {
            "\(tap.name) [\(tap.height)x\(tap.width)x\(tap.channels), stride \(tap.stride)]"
        }
        return "\(text(s)) -> \(text(t)): \(steps.isEmpty ? "identity" : steps.joined(separator: ", "))"
    }
}

extension Tensor {
    /// A map at another size, as adapters resize it: averaged where it is larger, bilinear where it is smaller.
    func adapted(to size: Pair) -> Tensor {
        if shape[1] == size.height && shape[2] == size.width { return self }
        if shape[1] >= size.height && shape[2] >= size.width { return Variable(self).averagePooled(to: size).value }
        return resized(height: size.height, width: size.width, .bilinear(alignCorners: false))
    }
}
