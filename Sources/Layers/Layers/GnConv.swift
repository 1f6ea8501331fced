import Autograd
import Tensors

/// How gnConv mixes positions.
public enum SpatialMixer: Sendable, Hashable {
    /// A depthwise 7x7 convolution.
    case depthwise7x7
    /// A global-local filter with a stored half spectrum of that size.
    case globalFilter(rows: Int, columns: Int)
}

/// Recursive gated convolution of order n: products of spatially mixed gates, from C / 2^(n-1) channels up to C (Rao et
/// al., arXiv 2207.14284, Eq. 3 to 5). Zero padding for 7x7, periodic for the global filter.
public struct GnConv: Layer {
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
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// d_0 .. d_{n-1}, ascending.
    public let widths: [Int]
    /// What the gates are multiplied by.
    let scale: Double

    /// The widths of the gates; throws when the channels cannot be halved often enough.
    public static func widths(channels: Int, order: Int, path: String) throws -> [Int] {
        guard (1...5).contains(order) else {
            throw ModelError("\(path): the order of gnConv is \(order), expected 1 to 5")
        }
        guard channels % (1 << (order - 1)) == 0, channels > 0 else {
            throw ModelError(
                "\(path): gnConv of order \(order) needs channels divisible by \(1 << (order - 1)), but the width is "
                    + "\(channels)")
        }
        return (0..<order).map { channels >> (order - 1 - $0) }
    }

    /// - Parameters:
    ///   - gateScale: what the gates are multiplied by after spatial mixing, 1/3 in all published models.
    public init(
        _ scope: Scope, channels: Int, order: Int, mixer: SpatialMixer, gateScale: Double = 1.0 / 3,
        initializer: Initializer = .normal(deviation: 0.02)
    ) throws {
        path = scope.path
        scale = gateScale
        let widths = try GnConv.widths(channels: channels, order: order, path: scope.path)
        self.widths = widths
        let gates = widths.reduce(0, +)
        projectionIn = Linear(
            scope["proj_in"], inputs: channels, outputs: 2 * channels, layout: .pointwise, initializer: initializer)
        switch mixer {
        case .depthwise7x7:
            depthwise = DepthwiseConvolution(
                scope["dwconv"], channels: gates, kernel: 7, ownsInput: true, initializer: initializer)
            globalFilter = nil
        case .globalFilter(let rows, let columns):
            depthwise = nil
            globalFilter = GlobalLocalFilter(
                scope["dwconv"], channels: gates, rows: rows, columns: columns, initializer: initializer)
        }
        projectionOut = Linear(
            scope["proj_out"], inputs: channels, outputs: channels, layout: .pointwise, initializer: initializer)
        pointwise = (0..<order - 1).map {
            Linear(
                scope["pws"][$0], inputs: widths[$0], outputs: widths[$0 + 1], layout: .pointwise,
                initializer: initializer)
        }
    }

    /// The gated map, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let parts = projectionIn(x, context, splitInto: [widths[0], widths.reduce(0, +)])
        let gates = depthwise?(parts[1], context) ?? globalFilter?(parts[1], context) ?? parts[1]
        let gated = LayerPath.$current.withValue(path) {
            Variable.recursiveGate(
                parts[0], gates, weights: pointwise.map { context[$0.weight] },
                biases: pointwise.compactMap { $0.bias.map { context[$0] } }, scale: scale)
        }
        return projectionOut(gated, context)
    }

    /// The operands of the recursive gate for norm(x); the norm and the projection into the gates are one operation.
    func gate<S: Scalar>(_ x: Variable<S>, norm: LayerNorm, _ context: Context<S>) -> GateVariables<S> {
        let parts = LayerPath.$current.withValue(projectionIn.path) {
            x.normalizedLinear(
                gain: context[norm.gain], offset: context[norm.bias], epsilon: norm.epsilon,
                context[projectionIn.weight], projectionIn.bias.map { context[$0] },
                splitInto: [widths[0], widths.reduce(0, +)])
        }
        let gates = depthwise?(parts[1], context) ?? globalFilter?(parts[1], context) ?? parts[1]
        return GateVariables(
            p: parts[0], gates: gates, weights: pointwise.map { context[$0.weight] },
            biases: pointwise.compactMap { $0.bias.map { context[$0] } }, scale: scale)
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "gnConv order \(widths.count)") {
            let projected = try projectionIn.trace(input, trace)
            let gates = projected.replacing(axis: -1, with: widths.reduce(0, +))
            if let depthwise { _ = try depthwise.trace(gates, trace) }
            if let globalFilter { _ = try globalFilter.trace(gates, trace) }
            for (k, layer) in pointwise.enumerated() {
                _ = try layer.trace(input.replacing(axis: -1, with: widths[k]), trace)
            }
            return (try projectionOut.trace(input, trace), 0)
        }
    }
}
