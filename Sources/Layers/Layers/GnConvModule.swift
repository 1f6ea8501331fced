import Autograd
import Tensors

/// gnConv with an input width of its own, in place of a convolution that fuses maps: HorFPN's module (Rao et al., arXiv
/// 2207.14284, section 3.4). Unlike a backbone's gnConv it leaves the gates as they are; where it has a batch norm, that
/// and relu follow its last projection.
public struct GnConvModule: Layer {
    /// To p_0 and all gates.
    package let projectionIn: Linear
    /// The mixer of the gates, when it is 7x7.
    package let depthwise: DepthwiseConvolution?
    /// The mixer of the gates, when it is a global filter.
    package let globalFilter: GlobalLocalFilter?
    /// From each width to the next.
    package let pointwise: [Linear]
    /// Of the last product.
    package let projectionOut: Linear
    /// Of the result, before relu.
    package let norm: BatchNorm?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// d_0 .. d_{n-1}, ascending.
    public let widths: [Int]

    /// A module from `inputs` to `outputs` channels, which are also the widest gate's.
    /// - Parameters:
    ///   - normalizes: whether a batch norm and relu follow.
    ///   - initializer: of the convolutions' weights. With `.uniformFanIn`, PyTorch's default, biases are drawn as PyTorch
    ///     does it; otherwise they start at 0.
    /// - Throws: `ModelError` when the outputs cannot be halved often enough.
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, order: Int = 2, mixer: SpatialMixer, normalizes: Bool,
        initializer: Initializer = .uniformFanIn
    ) throws {
        path = scope.path
        let widths = try GnConv.widths(channels: outputs, order: order, path: scope.path)
        self.widths = widths
        let gates = widths.reduce(0, +)
        func bias(_ fanIn: Int) -> Initializer {
            initializer == .uniformFanIn ? .uniform(bound: 1 / Double(fanIn).squareRoot()) : .constant(0)
        }
        func linear(_ scope: Scope, _ inputs: Int, _ outputs: Int) -> Linear {
            Linear(
                scope, inputs: inputs, outputs: outputs, layout: .pointwise, initializer: initializer,
                biasInitializer: bias(inputs))
        }
        projectionIn = linear(scope["proj_in"], inputs, widths[0] + gates)
        switch mixer {
        case .depthwise7x7:
            depthwise = DepthwiseConvolution(
                scope["dwconv"], channels: gates, kernel: 7, ownsInput: true, initializer: initializer,
                biasInitializer: bias(49))
            globalFilter = nil
        case .globalFilter(let rows, let columns):
            guard gates % 2 == 0 else {
                throw ModelError(
                    "\(scope.path): a global filter needs an even number of gates, but for \(outputs) channels they are "
                        + "\(gates); use channels divisible by \(2 << (order - 1))")
            }
            depthwise = nil
            globalFilter = GlobalLocalFilter(
                scope["dwconv"], channels: gates, rows: rows, columns: columns, initializer: initializer)
        }
        pointwise = zip(widths, widths.dropFirst()).enumerated().map { linear(scope["pws"][$0], $1.0, $1.1) }
        projectionOut = linear(scope["proj_out"], outputs, outputs)
        norm = normalizes ? BatchNorm(scope["bn"], channels: outputs) : nil
    }

    /// The fused map [N, H, W, outputs] of a map [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let parts = projectionIn(x, context, splitInto: [widths[0], widths.reduce(0, +)])
        let gates = depthwise?(parts[1], context) ?? globalFilter?(parts[1], context) ?? parts[1]
        let gated = LayerPath.$current.withValue(path) {
            Variable.recursiveGate(
                parts[0], gates, weights: pointwise.map { context[$0.weight] },
                biases: pointwise.compactMap { $0.bias.map { context[$0] } }, scale: 1)
        }
        let fused = projectionOut(gated, context)
        return norm.map { $0(relu: fused, context) } ?? fused
    }

    /// Checks the shape, enters the layers and returns the shape of the result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "gnConv order \(widths.count)") {
            let projected = try projectionIn.trace(input, trace)
            let gates = projected.replacing(axis: -1, with: widths.reduce(0, +))
            if let depthwise { _ = try depthwise.trace(gates, trace) }
            if let globalFilter { _ = try globalFilter.trace(gates, trace) }
            for (k, layer) in pointwise.enumerated() {
                _ = try layer.trace(input.replacing(axis: -1, with: widths[k]), trace)
            }
            let output = try projectionOut.trace(input.replacing(axis: -1, with: widths[widths.count - 1]), trace)
            return (try norm?.trace(output, trace) ?? output, 0)
        }
    }
}
