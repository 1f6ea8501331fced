import Autograd
import Tensors

/// A convolution whose kernel is a sum of experts with weights that each image chooses: a softmax over the experts, of two
/// linear layers with relu between them over the means of the channels, divided by a temperature that falls from 30 to 1
/// while training begins, so that all experts learn first (Chen et al., arXiv 1912.03458). Parameters are those of the
/// common port: `weight`, `bias`, `attention.fc1` and `attention.fc2`.
public struct DyConv: Layer {
    /// [experts, outputs, kernel height, kernel width, inputs / groups].
    public let weight: Parameter
    /// [experts, outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// What the attention's scores are divided by.
    public let temperature: AnnealedValue
    private let shape: ConvolutionShape
    private let squeeze: Linear
    private let excite: Linear

    /// - Parameters:
    ///   - reduction: the hidden width as a share of the inputs; it is rounded down and one is added.
    ///   - annealingEpochs: how long the temperature falls.
    public init(
        _ scope: Scope, _ shape: ConvolutionShape, experts: Int = 4, reduction: Double = 0.25, bias: Bool = true,
        annealingEpochs: Double = 10
    ) {
        path = scope.path
        self.shape = shape
        weight = scope.parameter(
            "weight", Shape([experts] + shape.weight.dimensions), layout: .experts, role: .weight,
            initializer: .kaimingUniformFanIn)
        self.bias =
            bias
            ? scope.parameter("bias", [experts, shape.outputs], role: .bias, initializer: .constant(0)) : nil
        let attention = scope["attention"]
        let hidden = shape.inputs == 3 ? experts : Int(Double(shape.inputs) * reduction) + 1
        squeeze = Linear(
            attention["fc1"], inputs: shape.inputs, outputs: hidden, bias: false, layout: .pointwise,
            initializer: .kaimingNormalFanOut)
        excite = Linear(
            attention["fc2"], inputs: hidden, outputs: experts, layout: .pointwise, initializer: .kaimingNormalFanOut)
        temperature = AnnealedValue(attention, "temperature", first: 30, last: 1, epochs: annealingEpochs)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        self(x, temperature: temperature(context), context)
    }

    /// The same at a given temperature.
    package func callAsFunction<S: Scalar>(
        _ x: Variable<S>, temperature: S, _ context: Context<S>
    ) -> Variable<S> {
        let means = LayerPath.$current.withValue(path) { x.globalAveragePooled() }
        let hidden = squeeze(means, context)
        let scores = excite(LayerPath.$current.withValue(path) { hidden.relu() }, context)
        return LayerPath.$current.withValue(path) {
            let weights = scores.scaled(by: 1 / temperature).softmax()
            return x.convolution(
                experts: context[weight], weights: weights, bias.map { weights.mixed(context[$0]) },
                stride: shape.stride, padding: shape.padding, dilation: shape.dilation, groups: shape.groups)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result; mixing the kernel is counted.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let own = [weight] + (bias.map { [$0] } ?? [])
        let kind = "DyConv \(shape.words), \(weight.shape[0]) experts"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: own) {
            let (output, work) = try shape.result(input, path: path)
            try trace.enter("attention", "weights of experts") {
                (try excite.trace(try squeeze.trace([input[0], input[3]], trace), trace), 0)
            }
            return (output, work.addingWithinBounds(own.reduce(0) { $0.addingWithinBounds($1.shape.elementCount) }))
        }
    }
}
