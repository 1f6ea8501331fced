import Autograd
import Layers
import Tensors

/// One block of HorNet: x + gamma1 gnConv(norm(x)), then y + gamma2 MLP(norm(y)), both with dropped paths.
struct HorNetBlock: Layer {
    let gamma1: Parameter?
    let gamma2: Parameter?
    let norm1: LayerNorm
    let gnconv: GnConv
    let norm2: LayerNorm
    let expand: Linear
    let reduce: Linear
    let mixing: ResidualSum
    let feedForward: ResidualSum
    let path: String

    init(
        _ scope: Scope, channels: Int, order: Int, mixer: SpatialMixer, gateScale: Double, layerScale: Double,
        dropRate: Double, initializer: Initializer
    ) throws {
        path = scope.path
        func gamma(_ name: String) -> Parameter? {
            guard layerScale > 0 else { return nil }
            return scope.parameter(name, [channels], role: .layerScale, initializer: .constant(layerScale))
        }
        gamma1 = gamma("gamma1")
        gamma2 = gamma("gamma2")
        mixing = ResidualSum(scope.path, stream: "\(scope.path) gnconv", gamma: gamma1, dropRate: dropRate)
        feedForward = ResidualSum(scope.path, stream: "\(scope.path) mlp", gamma: gamma2, dropRate: dropRate)
        norm1 = LayerNorm(scope["norm1"], channels: channels)
        gnconv = try GnConv(
            scope["gnconv"], channels: channels, order: order, mixer: mixer, gateScale: gateScale,
            initializer: initializer)
        norm2 = LayerNorm(scope["norm2"], channels: channels)
        expand = Linear(scope["pwconv1"], inputs: channels, outputs: 4 * channels, initializer: initializer)
        reduce = Linear(scope["pwconv2"], inputs: 4 * channels, outputs: channels, initializer: initializer)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let y = mixing(x, norm: norm1, gnconv, context)
        return feedForward(feedForward: y, norm: norm2, expand: expand, reduce: reduce, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(
            ModelTrace.name(of: path), "HorNet block", parameters: [gamma1, gamma2].compactMap { $0 }
        ) {
            _ = try gnconv.trace(try norm1.trace(input, trace), trace)
            let hidden = try expand.trace(try norm2.trace(input, trace), trace)
            return (try reduce.trace(hidden, trace), 0)
        }
    }
}
