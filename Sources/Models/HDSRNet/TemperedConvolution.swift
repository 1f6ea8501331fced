import Autograd
import Layers
import Tensors

/// A dynamic 3x3 convolution (Chen et al., arXiv 1912.03458) as HDSRNet has it: the softmax over the experts is divided by
/// a temperature that stays as high as it is, and its two linear layers have no biases.
struct TemperedConvolution: Layer {
    private let path: String
    private let channels: Int
    private let experts: Int
    /// [experts * channels, 3, 3, channels], one expert after the other.
    private let weight: Parameter
    /// [experts, channels].
    private let bias: Parameter
    private let squeeze: Linear
    private let excite: Linear

    init(_ scope: Scope, channels: Int, experts: Int) {
        (path, self.channels, self.experts) = (scope.path, channels, experts)
        weight = scope.parameter(
            "weight", [experts * channels, 3, 3, channels], layout: .convolution, role: .weight,
            initializer: .uniformFanIn)
        bias = scope.parameter("bias", [experts, channels], role: .bias, initializer: .constant(0))
        let attention = scope["attention"]["net"]
        let hidden = max(1, channels / HDSRNetSpecification.reduction)
        squeeze = Linear(
            attention[0], inputs: channels, outputs: hidden, bias: false, layout: .pointwise,
            initializer: .uniformFanIn)
        excite = Linear(
            attention[2], inputs: hidden, outputs: experts, bias: false, layout: .pointwise,
            initializer: .uniformFanIn)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let means = LayerPath.$current.withValue(path) { x.globalAveragePooled() }
        let hidden = squeeze(means, context)
        let scores = excite(LayerPath.$current.withValue(path) { hidden.relu() }, context)
        return LayerPath.$current.withValue(path) {
            let shares = scores.scaled(by: S(1 / HDSRNetSpecification.temperature)).softmax()
            return x.convolution(
                experts: context[weight].reshaped([experts, channels, 3, 3, channels]), weights: shares,
                shares.linear(context[bias].transposed([1, 0])), padding: 1)
        }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let kind = "dynamic conv 3x3, \(channels) -> \(channels), \(experts) experts"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: [weight, bias]) {
            try trace.enter("attention", "shares of the experts") {
                (try excite.trace(try squeeze.trace([input[0], channels], trace), trace), 0)
            }
            let mixing = experts * (9 * channels * channels + channels)
            return (input, input.elementCount * 9 * channels + mixing)
        }
    }
}
