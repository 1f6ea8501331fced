import Autograd
import Tensors

/// A convolution whose kernel is a sum of experts with weights that each image chooses: sigmoids of a linear layer over the
/// means of its channels (Yang et al., arXiv 1904.04971). Parameters are timm's: `weight` [experts, all of a kernel],
/// `bias` [experts, out]; the linear layer is `routing_fn`, which timm keeps in the block.
public struct CondConv: Layer {
    /// [experts, outputs, kernel height, kernel width, inputs / groups].
    public let weight: Parameter
    /// [experts, outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    private let shape: ConvolutionShape
    private let routing: Linear?

    /// - Parameter routes: whether the layer has its own routing; without one the weights are given to it.
    public init(
        _ scope: Scope, _ shape: ConvolutionShape, experts: Int = 4, bias: Bool = true, routes: Bool = true,
        initializer: Initializer = .uniformFanIn
    ) {
        path = scope.path
        self.shape = shape
        weight = scope.parameter(
            "weight", Shape([experts] + shape.weight.dimensions), layout: .flatExperts, role: .weight,
            initializer: initializer)
        let bound = 1 / Double(max(1, Int.product(shape.taps, shape.weight[3]))).squareRoot()
        self.bias =
            bias
            ? scope.parameter("bias", [experts, shape.outputs], role: .bias, initializer: .uniform(bound: bound))
            : nil
        routing =
            routes
            ? Linear(
                scope["routing_fn"], inputs: shape.inputs, outputs: experts, initializer: .uniformFanIn,
                biasInitializer: .uniform(bound: 1 / Double(max(1, shape.inputs)).squareRoot())) : nil
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs], by the layer's own routing; with the same weight 1/2 for all
    /// experts where it has none.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        guard let routing else {
            let weights = Tensor<S>([x.shape[0], weight.shape[0]], repeating: 0.5)
            return self(x, weights: Variable(weights), context)
        }
        let means = LayerPath.$current.withValue(path) { x.globalAveragePooled() }
        let scores = routing(means, context)
        return self(x, weights: LayerPath.$current.withValue(path) { scores.sigmoid() }, context)
    }

    /// The same with given weights [N, experts].
    public func callAsFunction<S: Scalar>(
        _ x: Variable<S>, weights: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.convolution(
                experts: context[weight], weights: weights, bias.map { weights.mixed(context[$0]) },
                stride: shape.stride, padding: shape.padding, dilation: shape.dilation, groups: shape.groups)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result; mixing the kernel is counted.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let own = [weight] + (bias.map { [$0] } ?? [])
        let kind = "CondConv \(shape.words), \(weight.shape[0]) experts"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: own) {
            let (output, work) = try shape.result(input, path: path)
            _ = try routing?.trace([input[0], input[3]], trace)
            return (output, work.addingWithinBounds(own.reduce(0) { $0.addingWithinBounds($1.shape.elementCount) }))
        }
    }
}

extension Variable {
    /// For weights [N, experts]: the sum of rows [experts, C] with each sample's weights, [N, C].
    func mixed(_ rows: Variable) -> Variable { linear(rows.transposed([1, 0])) }
}
