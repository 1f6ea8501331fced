import Autograd
import Tensors

/// A transposed convolution of channels-last volumes, which makes them larger by its stride.
public struct VolumeTransposedConvolution: Layer {
    /// [inputs, kernel depth, kernel height, kernel width, outputs / groups].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Channels of the result.
    let outputs: Int
    /// How the kernel meets the result.
    let window: VolumeWindow
    /// What is added to the far end of each axis.
    let outputPadding: Triple
    /// Parts of the channels that do not see each other.
    let groups: Int

    /// From `inputs` to `outputs` channels; values are drawn as PyTorch does it, whose bound goes by the outputs, unless said
    /// otherwise.
    /// - Parameters:
    ///   - padding: what is cut off on each side.
    ///   - outputPadding: what is added to the far end of each axis; smaller than the stride or the dilation.
    ///   - groups: parts of the channels that do not see each other; divides `inputs` and `outputs`.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Triple, stride: Triple, padding: Triple = 0,
        outputPadding: Triple = 0, dilation: Triple = 1, groups: Int = 1, bias: Bool = true,
        initializer: Initializer = .uniformFanIn, biasInitializer: Initializer? = nil
    ) {
        require(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0, scope.path, [],
            "the \(groups) groups must divide the \(inputs) channels and the \(outputs) of the result")
        path = scope.path
        self.outputs = outputs
        window = VolumeWindow(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
        self.outputPadding = outputPadding
        self.groups = groups
        weight = scope.parameter(
            "weight", [inputs, kernel.depth, kernel.height, kernel.width, outputs / groups], layout: .convolution,
            role: .weight, initializer: initializer)
        let fanIn = Double(outputs / groups * kernel.depth * kernel.height * kernel.width)
        self.bias =
            bias
            ? scope.parameter(
                "bias", [outputs], role: .bias,
                initializer: biasInitializer ?? .uniform(bound: 1 / fanIn.squareRoot()))
            : nil
    }

    /// The volumes [N, (D - 1) stride - 2 padding + dilation (kernel - 1) + output padding + 1, .., outputs] of volumes
    /// [N, D, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.volumeTransposedConvolution(
                context[weight], bias.map { context[$0] }, stride: window.stride, padding: window.padding,
                outputPadding: outputPadding, dilation: window.dilation, groups: groups)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    /// - Throws: `ModelError` when the padding leaves nothing of the result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let axes: [KeyPath<Triple, Int>] = [\.depth, \.height, \.width]
        let extents = axes.enumerated().map { number, axis in
            (input[number + 1] - 1) * window.stride[keyPath: axis] - 2 * window.padding[keyPath: axis]
                + window.dilation[keyPath: axis] * (window.kernel[keyPath: axis] - 1) + outputPadding[keyPath: axis] + 1
        }
        guard extents.allSatisfy({ $0 > 0 }) else {
            throw ModelError(
                "\(path): the padding \(window.padding) leaves nothing of a volume of \(input[1])x\(input[2])x\(input[3]); "
                    + "use larger volumes")
        }
        let spread =
            (window.dilation == 1 ? "" : ", dilation \(window.dilation.depth)")
            + (groups == 1 ? "" : ", groups \(groups)")
        let kind =
            "transposed volume conv \(window.kernel) / \(window.stride.depth)\(spread), \(input[4]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            (
                Shape([input[0]] + extents + [outputs]),
                Int.product(input.dimensions + window.kernel.numbers + [outputs / groups])
            )
        }
    }
}
