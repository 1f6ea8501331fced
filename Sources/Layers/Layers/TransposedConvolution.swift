import Autograd
import Tensors

/// A transposed convolution of channels-last maps, which makes them larger by its stride.
public struct TransposedConvolution: Layer {
    /// [inputs, kernel height, kernel width, outputs / groups].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Channels of the result.
    let outputs: Int
    /// In pixels, as all that follows but the groups.
    let kernel: Pair
    /// Pixels of the result from one pixel of the map to the next.
    let stride: Pair
    /// What is cut off on each side.
    let padding: Pair
    /// Rows below and columns to the right that are added.
    let outputPadding: Pair
    /// Pixels from one tap to the next.
    let dilation: Pair
    /// Parts of the channels that do not see each other.
    let groups: Int

    /// From `inputs` to `outputs` channels; values are drawn as PyTorch does it, whose bound goes by the outputs, unless said
    /// otherwise.
    /// - Parameters:
    ///   - padding: what is cut off on each side.
    ///   - outputPadding: rows below and columns to the right that are added; smaller than the stride or the dilation.
    ///   - groups: parts of the channels that do not see each other; divides `inputs` and `outputs`.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Pair, stride: Pair, padding: Pair = 0,
        outputPadding: Pair = 0, dilation: Pair = 1, groups: Int = 1, bias: Bool = true,
        initializer: Initializer = .uniformFanIn, biasInitializer: Initializer? = nil
    ) {
        require(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0, scope.path, [],
            "the \(groups) groups must divide the \(inputs) channels and the \(outputs) of the result")
        path = scope.path
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        self.dilation = dilation
        self.groups = groups
        weight = scope.parameter(
            "weight", [inputs, kernel.height, kernel.width, outputs / groups], layout: .convolution, role: .weight,
            initializer: initializer)
        let fanIn = Double(outputs / groups * kernel.height * kernel.width)
        self.bias =
            bias
            ? scope.parameter(
                "bias", [outputs], role: .bias,
                initializer: biasInitializer ?? .uniform(bound: 1 / fanIn.squareRoot()))
            : nil
    }

    /// The maps [N, (H - 1) stride - 2 padding + dilation (kernel - 1) + output padding + 1, .., outputs] of maps
    /// [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.transposedConvolution(
                context[weight], bias.map { context[$0] }, stride: stride, padding: padding,
                outputPadding: outputPadding, dilation: dilation, groups: groups)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    /// - Throws: `ModelError` when the padding leaves nothing of the result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        func extent(_ size: Int, _ axis: KeyPath<Pair, Int>) -> Int {
            (size - 1) * stride[keyPath: axis] - 2 * padding[keyPath: axis]
                + dilation[keyPath: axis] * (kernel[keyPath: axis] - 1) + outputPadding[keyPath: axis] + 1
        }
        let output: Shape = [input[0], extent(input[1], \.height), extent(input[2], \.width), outputs]
        guard output[1] > 0, output[2] > 0 else {
            throw ModelError(
                "\(path): the padding \(padding) leaves nothing of a map of \(input[1])x\(input[2]); use larger maps")
        }
        let spread =
            (dilation == 1 ? "" : ", dilation \(dilation.height)") + (groups == 1 ? "" : ", groups \(groups)")
        let kind =
            "transposed conv \(kernel.height)x\(kernel.width) / \(stride.height)\(spread), \(input[3]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            (output, Int.product(input.dimensions + [kernel.height, kernel.width, outputs / groups]))
        }
    }
}
