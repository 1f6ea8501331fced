import Autograd
import Tensors

/// A 3x3 convolution whose taps go where another convolution of the same map sends them, and count as much as it says
/// where they are weighed: deformable convolution (Dai et al., arXiv 1703.06211) and its second version (Zhu et al., arXiv
/// 1811.11168). The other convolution starts at 0, so that training begins with a plain convolution, or with half of one.
public struct LearnedDeformableConvolution: Layer {
    /// To two numbers for each tap, down and to the right, and then to the weights before their sigmoid.
    public let places: Convolution
    /// [outputs, 3, 3, inputs].
    public let weight: Parameter
    /// [outputs].
    public let bias: Parameter
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    private static let taps = 9

    /// From `inputs` to `outputs` channels; `weighs` is the second version.
    public init(_ scope: Scope, inputs: Int, outputs: Int, weighs: Bool, initializer: Initializer = .uniformFanIn) {
        path = scope.path
        weight = scope.parameter(
            "weight", [outputs, 3, 3, inputs], layout: .convolution, role: .weight, initializer: initializer)
        bias = scope.parameter("bias", [outputs], role: .bias, initializer: .constant(0))
        places = Convolution(
            scope["conv_offset"], inputs: inputs, outputs: (weighs ? 3 : 2) * Self.taps, kernel: 3, padding: 1,
            initializer: .constant(0))
    }

    /// The maps [N, H, W, outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let found = places(x, context)
        return LayerPath.$current.withValue(path) {
            let weighs = found.shape.columns > 2 * Self.taps
            let parts = weighs ? found.split(channels: [2 * Self.taps, Self.taps]) : [found]
            return x.deformableConvolution(
                context[weight], context[bias], offsets: parts[0], mask: weighs ? parts[1].map(.sigmoid) : nil,
                padding: 1)
        }
    }

    /// Checks the shape, enters both convolutions and returns the shape of the result. Reading between pixels is not
    /// counted.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let outputs = weight.shape[0]
        let kind = "deformable conv 3x3, \(input.columns) -> \(outputs)"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: [weight, bias]) {
            _ = try places.trace(input, trace)
            let output = input.replacing(axis: -1, with: outputs)
            return (output, Int.product(output.dimensions + [Self.taps, input.columns]))
        }
    }
}
