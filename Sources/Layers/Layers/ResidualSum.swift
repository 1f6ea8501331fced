import Autograd
import Tensors

/// x + gamma branch: the end of a residual block, with an optional layer scale and paths dropped per sample in
/// training.
public struct ResidualSum: Sendable {
    /// The layer scale [C], where there is one.
    public let gamma: Parameter?
    /// Of the block or branch, for messages.
    public let path: String
    /// The name of the random stream of dropped paths.
    let stream: String
    /// How often a sample goes without the branch in training.
    let dropRate: Double

    /// - Parameters:
    ///   - path: of the block or branch, for messages.
    ///   - stream: the name of the random stream of dropped paths; the path when absent.
    ///   - gamma: the layer scale [C].
    ///   - dropRate: how often a sample goes without the branch in training.
    public init(_ path: String, stream: String? = nil, gamma: Parameter? = nil, dropRate: Double = 0) {
        self.path = path
        self.stream = stream ?? path
        self.gamma = gamma
        self.dropRate = dropRate
    }

    /// x + gamma branch; in training the branch is dropped for some samples, and larger for the others.
    public func callAsFunction<S: Scalar>(
        _ x: Variable<S>, _ branch: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        let rate = rate(context)
        return LayerPath.$current.withValue(path) {
            x.addingResidual(branch, scale: gamma.map { context[$0] }, dropPathRate: rate, key: key(context))
        }
    }

    /// How often paths are dropped now.
    func rate<S>(_ context: Context<S>) -> Double { context.isTraining ? dropRate : 0 }

    /// The random stream of dropped paths, where there are any.
    func key<S>(_ context: Context<S>) -> RandomKey? { rate(context) > 0 ? context.random(stream) : nil }

    /// base + gamma reduce(f(expand(norm(x)))): in one pass over blocks of rows where that is faster, see
    /// `Variable.feedForwardBranch`, and layer by layer otherwise.
    ///
    /// - Parameter base: x itself when absent.
    public func callAsFunction<S: Scalar>(
        base: Variable<S>? = nil, feedForward x: Variable<S>, norm: LayerNorm, expand: Linear, reduce: Linear,
        activation: ElementwiseFunction = .gelu, _ context: Context<S>
    ) -> Variable<S> {
        guard let expandBias = expand.bias, let reduceBias = reduce.bias, Self.fusesRows(x) else {
            let hidden = expand(norm(x, context), context)
            let branch =
                activation == .gelu
                ? reduce(gelu: hidden, context)
                : reduce(LayerPath.$current.withValue(path) { hidden.map(activation) }, context)
            return self(base ?? x, branch, context)
        }
        let layers = FeedForwardVariables(
            gain: context[norm.gain], offset: context[norm.bias], epsilon: norm.epsilon,
            expand: context[expand.weight], expandBias: context[expandBias], reduce: context[reduce.weight],
            reduceBias: context[reduceBias], activation: activation)
        return LayerPath.$current.withValue(path) {
            x.feedForwardBranch(
                layers, base: base, scale: gamma.map { context[$0] }, dropPathRate: rate(context), key: key(context))
        }
    }

    /// x + gamma gnconv(norm(x)), likewise; see `Variable.gatedBranch`.
    public func callAsFunction<S: Scalar>(
        _ x: Variable<S>, norm: LayerNorm, _ gnconv: GnConv, _ context: Context<S>
    ) -> Variable<S> {
        guard let bias = gnconv.projectionOut.bias, Self.fusesRows(x) else {
            return self(x, gnconv(norm(x, context), context), context)
        }
        let gate = gnconv.gate(x, norm: norm, context)
        return LayerPath.$current.withValue(gnconv.path) {
            x.gatedBranch(
                gate, context[gnconv.projectionOut.weight], context[bias], scale: gamma.map { context[$0] },
                dropPathRate: rate(context), key: key(context))
        }
    }

    /// Whether whole branches are computed in blocks of rows. In training each part of the rows has sums of its own for
    /// the weights' gradients, which pays when there are many more rows than channels. A function of the sizes alone, but
    /// that layers run one by one for those who look along.
    static func fusesRows<S>(_ x: Variable<S>) -> Bool {
        if LayerProbe.watchesInputs { return false }
        return !x.isTracked || x.shape.rows >= 4 * x.shape.columns
    }
}
