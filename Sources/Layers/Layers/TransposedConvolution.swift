import Autograd
import Tensors

/// A transposed convolution of channels-last maps, which makes them larger by its stride.
public struct TransposedConvolution: Layer {
    /// [inputs, kernel height, kernel width, outputs].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Channels of the result.
    let outputs: Int
    /// In pixels.
    let kernel: Pair
    /// Pixels of the result from one pixel of the map to the next.
    let stride: Pair

    /// From `inputs` to `outputs` channels; values are drawn as PyTorch does it, whose bound goes by the outputs, unless said
    /// otherwise.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, kernel: Pair, stride: Pair, bias: Bool = true,
        initializer: Initializer = .uniformFanIn, biasInitializer: Initializer? = nil
    ) {
        path = scope.path
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        weight = scope.parameter(
            "weight", [inputs, kernel.height, kernel.width, outputs], layout: .convolution, role: .weight,
            initializer: initializer)
        let fanIn = Double(outputs * kernel.height * kernel.width)
        self.bias =
            bias
            ? scope.parameter(
                "bias", [outputs], role: .bias,
                initializer: biasInitializer ?? .uniform(bound: 1 / fanIn.squareRoot()))
            : nil
    }

    /// The maps [N, (H - 1) stride + kernel, .., outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.transposedConvolution(context[weight], bias.map { context[$0] }, stride: stride)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let kind = "transposed conv \(kernel.height)x\(kernel.width) / \(stride.height), \(input[3]) -> \(outputs)"
        return trace.enter(ModelTrace.name(of: path), kind, parameters: [weight] + (bias.map { [$0] } ?? [])) {
            let output: Shape = [
                input[0], (input[1] - 1) * stride.height + kernel.height,
                (input[2] - 1) * stride.width + kernel.width, outputs,
            ]
            return (output, Int.product(input.dimensions + [kernel.height, kernel.width, outputs]))
        }
    }
}
