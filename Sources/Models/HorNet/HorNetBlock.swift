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
    let dropRate: Double
    let path: String

    init(
        _ scope: Scope, _ channels: Int, order: Int, mixer: SpatialMixer, gateScale: Double, layerScale: Double,
        dropRate: Double, initializer: Initializer
    ) throws {
        path = scope.path
        self.dropRate = dropRate
        func gamma(_ name: String) -> Parameter? {
            guard layerScale > 0 else { return nil }
            return scope.parameter(name, [channels], role: .layerScale, initializer: .constant(layerScale))
        }
        gamma1 = gamma("gamma1")
        gamma2 = gamma("gamma2")
        norm1 = LayerNorm(scope["norm1"], channels)
        gnconv = try GnConv(
            scope["gnconv"], channels, order: order, mixer: mixer, gateScale: gateScale, initializer: initializer)
        norm2 = LayerNorm(scope["norm2"], channels)
        expand = Linear(scope["pwconv1"], channels, 4 * channels, initializer: initializer)
        reduce = Linear(scope["pwconv2"], 4 * channels, channels, initializer: initializer)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let mixed = gnconv(norm1(x, context), context)
        let y = add(mixed, to: x, gamma1, "gnconv", context)
        let hidden = expand(norm2(y, context), context)
        let activated = LayerPath.$current.withValue(path) { hidden.gelu() }
        return add(reduce(activated, context), to: y, gamma2, "mlp", context)
    }

    private func add<S: Scalar>(
        _ branch: Variable<S>, to x: Variable<S>, _ gamma: Parameter?, _ name: String, _ context: Context<S>
    ) -> Variable<S> {
        let rate = context.isTraining ? dropRate : 0
        return LayerPath.$current.withValue(path) {
            x.addingResidual(
                branch, scale: gamma.map { context[$0] }, dropPathRate: rate,
                key: rate > 0 ? context.random("\(path) \(name)") : nil)
        }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(
            String(path.split(separator: ".").last ?? ""), "HorNet block",
            parameters: [gamma1, gamma2].compactMap { $0 }
        ) {
            _ = try gnconv.trace(try norm1.trace(input, trace), trace)
            let hidden = try expand.trace(try norm2.trace(input, trace), trace)
            return (try reduce.trace(hidden, trace), 0)
        }
    }
}
