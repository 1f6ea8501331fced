import Tensors

extension Operation { package static let feedForwardBranch = Operation("feedForwardBranch") }

/// The norm and the two linear layers of a feed-forward branch.
public struct FeedForwardVariables<S: Scalar> {
    /// The factor of the norm, [C].
    public let gain: Variable<S>
    /// The offset of the norm, [C].
    public let offset: Variable<S>
    /// Added to the variance by the norm.
    public let epsilon: Double
    /// The weight of the first layer, [H, C].
    public let expand: Variable<S>
    /// The bias of the first layer, [H].
    public let expandBias: Variable<S>
    /// The weight of the second layer, [C, H].
    public let reduce: Variable<S>
    /// The bias of the second layer, [C].
    public let reduceBias: Variable<S>
    /// What acts between the layers.
    public let activation: ElementwiseFunction

    /// - Parameters:
    ///   - gain: of the norm, like `offset` [C].
    ///   - expand: [H, C], its bias [H].
    ///   - reduce: [C, H], its bias [C].
    public init(
        gain: Variable<S>, offset: Variable<S>, epsilon: Double, expand: Variable<S>, expandBias: Variable<S>,
        reduce: Variable<S>, reduceBias: Variable<S>, activation: ElementwiseFunction = .gelu
    ) {
        (self.gain, self.offset, self.epsilon, self.activation) = (gain, offset, epsilon, activation)
        (self.expand, self.expandBias, self.reduce, self.reduceBias) = (expand, expandBias, reduce, reduceBias)
    }

    var all: [Variable<S>] { [gain, offset, expand, expandBias, reduce, reduceBias] }
}

extension Variable {
    /// base + keep_n gamma_c (W2 f(W1 norm(x) + b1) + b2): the whole feed-forward branch of a transformer-like block,
    /// its norm and its residual sum, for x [N, .., C]. x is kept and, where that pays, the hidden values, in
    /// bfloat16 where products are.
    ///
    /// Gradient: that of the layers one after the other, in one pass over blocks of rows, whose norm and hidden values
    /// are computed again; g for the base.
    ///
    /// - Parameters:
    ///   - base: the other summand, of x's shape; x itself when absent.
    ///   - scale: gamma [C], 1 everywhere when absent.
    ///   - key: the source of keep_n, as in `addingResidual`.
    public func feedForwardBranch(
        _ layers: FeedForwardVariables<S>, base: Variable? = nil, scale gamma: Variable? = nil,
        dropPathRate: Double = 0, key: RandomKey? = nil
    ) -> Variable {
        let operands = [self] + layers.all + (gamma.map { [$0] } ?? []) + (base.map { [$0] } ?? [])
        let (c, h) = (shape.columns, layers.expand.shape[0])
        require(
            shape.rank >= 1 && layers.gain.shape == [c] && layers.offset.shape == [c]
                && layers.expand.shape == [h, c] && layers.expandBias.shape == [h] && layers.reduce.shape == [c, h]
                && layers.reduceBias.shape == [c],
            "feedForwardBranch", operands.map(\.shape),
            "the norm must have one element per channel and the weights be [H, C] and [C, H]")
        require(
            (base == nil || base?.shape == shape) && (gamma == nil || gamma?.shape == [c]), "feedForwardBranch",
            operands.map(\.shape), "the base must have the shape of x and the scale one element per channel")
        let factors = branchFactors("feedForwardBranch", rate: dropPathRate, key: key)
        let (b, scale) = (base?.value, gamma?.value)
        let weights = FeedForwardWeights(
            gain: layers.gain.value, offset: layers.offset.value, epsilon: layers.epsilon,
            expand: layers.expand.value, expandBias: layers.expandBias.value, reduce: layers.reduce.value,
            reduceBias: layers.reduceBias.value, activation: layers.activation)
        let (output, kept) = value.feedForwardBranch(
            weights, base: b, scale: scale, factors: factors, keeping: operands.contains(where: \.isTracked))
        let (hasBase, parameters) = (base != nil, operands.count - (base == nil ? 0 : 1))
        return Self.record(.feedForwardBranch, operands, output) { g, needs in
            guard needs.prefix(parameters).contains(true) else { return needs.map { _ in nil }.dropLast() + [g] }
            // The base's values play no part in the gradient and are not kept.
            let gradients = g.feedForwardBranchGradients(
                kept, weights, hasBase: hasBase, scale: scale, factors: factors)
            return gradients + (hasBase ? [g] : [])
        }
    }
}

extension GradientCheck {
    private static func layers<S>(
        _ x: [Variable<S>], epsilon: Double = 1e-6, activation: ElementwiseFunction = .gelu
    ) -> FeedForwardVariables<S> {
        FeedForwardVariables(
            gain: x[1], offset: x[2], epsilon: epsilon, expand: x[3], expandBias: x[4], reduce: x[5], reduceBias: x[6],
            activation: activation)
    }

    private static func shapes(_ leading: [Int], _ c: Int, _ h: Int) -> [Shape] {
        [Shape(leading + [c]), [c], [c], [h, c], [h], [c, h], [c]]
    }

    static let feedForwardBranch: [GradientCheck] = [
        GradientCheck("feedForwardBranch", shapes([5, 2], 3, 7) + [[3]]) {
            [
                $0[0].feedForwardBranch(
                    layers($0), scale: $0[7], dropPathRate: 0.4, key: RandomKey(seed: 1, purpose: "gradient check"))
            ]
        },
        GradientCheck("feedForwardBranch/base of its own", shapes([2, 3], 4, 5) + [[4], [2, 3, 4]]) {
            [$0[0].feedForwardBranch(layers($0), base: $0[8], scale: $0[7])]
        },
        GradientCheck("feedForwardBranch/plain, large epsilon", shapes([3], 5, 4)) {
            [$0[0].feedForwardBranch(layers($0, epsilon: 0.5))]
        },
        GradientCheck("feedForwardBranch/quick GELU", shapes([2, 3], 3, 5) + [[3]]) {
            [$0[0].feedForwardBranch(layers($0, activation: .quickGELU), scale: $0[7])]
        },
        GradientCheck("feedForwardBranch/size 1", shapes([1], 1, 1)) { [$0[0].feedForwardBranch(layers($0))] },
    ]
}
