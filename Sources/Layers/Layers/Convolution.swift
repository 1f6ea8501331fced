import Autograd
import Tensors

/// A convolution of channels-last maps.
public struct Convolution: Layer {
    /// [outputs, kernel height, kernel width, inputs / groups].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Channels of the result.
    let outputs: Int
    /// In pixels.
    let kernel: Pair
    /// Pixels from one position to the next.
    let stride: Pair
    /// Zeros on each side.
    let padding: Pair
    /// Pixels from one tap to the next.
    let dilation: Pair
    /// Parts of the channels that do not see each other.
    let groups: Int
    /// Whether the kernel is turned by half a circle.
    let flipped: Bool

    /// A convolution of `inputs` to `outputs` channels; `kernel`, `stride`, `padding` and `dilation` are pixels, a number
    /// or a `Pair`.
    /// - Parameters:
    ///   - groups: parts of the channels that do not see each other; divides `inputs` and `outputs`.
    ///   - flipped: a convolution as mathematics has it, with the kernel turned by half a circle, instead of the
    ///     cross-correlation that networks call by that name.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Pair, stride: Pair = 1, padding: Pair = 0,
        dilation: Pair = 1, groups: Int = 1, flipped: Bool = false, bias: Bool = true,
        initializer: Initializer = .normal(deviation: 0.02), biasInitializer: Initializer = .constant(0)
    ) {
        require(
            groups >= 1 && inputs % groups == 0 && outputs % groups == 0, scope.path, [],
            "the \(groups) groups must divide the \(inputs) channels and the \(outputs) of the result")
        path = scope.path
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        self.flipped = flipped
        weight = scope.parameter(
            "weight", [outputs, kernel.height, kernel.width, inputs / groups], layout: .convolution, role: .weight,
            initializer: initializer)
        self.bias = bias ? scope.parameter("bias", [outputs], role: .bias, initializer: biasInitializer) : nil
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs]; sizes as `Window.outputSize` says.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            LayerProbe.made(
                path,
                LayerProbe.given(path, x).convolution(
                    context[weight], bias.map { context[$0] }, stride: stride, padding: padding, dilation: dilation,
                    groups: groups, flipped: flipped))
        }
    }

    /// The same of maps [N, H, W, ..] that lie beside each other over the channels, without bringing them together where
    /// that can be avoided; the stride is 1 and there is one group.
    public func callAsFunction<S: Scalar>(joining parts: [Variable<S>], _ context: Context<S>) -> Variable<S> {
        require(
            stride == 1 && groups == 1 && !flipped, path, parts.map(\.shape),
            "maps are joined by convolutions of stride 1 and one group alone")
        if LayerProbe.watchesInputs { return self(.concatenated(parts), context) }
        return LayerPath.$current.withValue(path) {
            .convolution(
                joining: parts, context[weight], bias.map { context[$0] }, padding: padding, dilation: dilation)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let size = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
            .outputSize(Pair(input[1], input[2]))
        guard size.height > 0, size.width > 0 else {
            throw ModelError(
                "\(path): a map of \(input[1])x\(input[2]) is smaller than the \(kernel.height)x\(kernel.width) "
                    + "kernel, so nothing would be left; use larger images or a smaller stem stride")
        }
        let spread =
            (dilation == 1 ? "" : ", dilation \(dilation.height)") + (groups == 1 ? "" : ", groups \(groups)")
        let kind = "conv \(kernel.height)x\(kernel.width) / \(stride.height)\(spread), \(input[3]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            let output: Shape = [input[0], size.height, size.width, outputs]
            return (output, Int.product(output.dimensions + [kernel.height, kernel.width, input[3] / groups]))
        }
    }
}

/// One odd kernel per channel, zero padding by half of it, so that stride 1 keeps the map's size.
public struct DepthwiseConvolution: Layer {
    /// [kernel, kernel, channels].
    public let weight: Parameter
    /// [channels], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Of the map and of the result.
    let channels: Int
    /// Pixels on each side, odd.
    let kernel: Int
    /// Pixels from one position to the next.
    let stride: Int
    /// Whether nothing but this layer keeps its input, which may then be halved.
    let ownsInput: Bool

    /// A kernel of odd size for each channel.
    ///
    /// - Parameter ownsInput: whether no other operation keeps the layer's input for its gradient; training in bfloat16 then
    ///   keeps it in bfloat16.
    public init(
        _ scope: Scope, channels: Int, kernel: Int, stride: Int = 1, bias: Bool = true, ownsInput: Bool = false,
        initializer: Initializer = .normal(deviation: 0.02), biasInitializer: Initializer = .constant(0)
    ) {
        path = scope.path
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
        self.ownsInput = ownsInput
        weight = scope.parameter(
            "weight", [kernel, kernel, channels], layout: .depthwise, role: .weight, initializer: initializer)
        self.bias = bias ? scope.parameter("bias", [channels], role: .bias, initializer: biasInitializer) : nil
    }

    /// The maps, each side divided by the stride and rounded up.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            LayerProbe.made(
                path,
                LayerProbe.given(path, x).depthwiseConvolution(
                    context[weight], bias.map { context[$0] }, stride: stride, halvesInput: ownsInput))
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        trace.enter(
            ModelTrace.name(of: path),
            "depthwise \(kernel)x\(kernel)" + (stride > 1 ? " / \(stride)" : "") + ", \(channels)",
            parameters: [weight] + (bias.map { [$0] } ?? [])
        ) {
            let window = Window(kernel: Pair(kernel), stride: Pair(stride), padding: Pair(kernel / 2))
            let size = window.outputSize(Pair(input[1], input[2]))
            let output: Shape = [input[0], size.height, size.width, channels]
            return (output, Int.product(output.dimensions + [kernel, kernel]))
        }
    }
}
