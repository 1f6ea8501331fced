import Tensors

extension Operation { package static let gatedBranch = Operation("gatedBranch") }

/// The operands of the recursive gate of gnConv.
public struct GateVariables<S: Scalar> {
    /// [.., d_0].
    public let p: Variable<S>
    /// [.., d_0 + ... + d_{n-1}], not yet scaled.
    public let gates: Variable<S>
    /// [d_{k+1}, d_k] for k = 0 ..< n - 1.
    public let weights: [Variable<S>]
    /// [d_{k+1}].
    public let biases: [Variable<S>]
    /// What the gates are multiplied by.
    public let scale: Double

    /// The operands of a recursive gate; see `Variable.recursiveGate`.
    public init(
        p: Variable<S>, gates: Variable<S>, weights: [Variable<S>], biases: [Variable<S>], scale: Double
    ) { (self.p, self.gates, self.weights, self.biases, self.scale) = (p, gates, weights, biases, scale) }
}

extension Variable {
    /// self + keep_n gamma_c (W gate + b): the recursive gate of gnConv (`recursiveGate`), the projection after it and the
    /// residual sum, for self [N, .., out], weight [out, d_{n-1}], bias [out]. Nothing but the operands is kept, p and the
    /// gates in bfloat16 where products are.
    ///
    /// Gradient: g for self; for the rest that of the three operations, in one pass over blocks of rows, whose gated
    /// values are computed again.
    ///
    /// - Parameters:
    ///   - scale: gamma [out], 1 everywhere when absent.
    ///   - key: the source of keep_n, as in `addingResidual`.
    public func gatedBranch(
        _ gate: GateVariables<S>, _ weight: Variable, _ bias: Variable, scale gamma: Variable? = nil,
        dropPathRate: Double = 0, key: RandomKey? = nil
    ) -> Variable {
        let parts = [gate.p, gate.gates] + gate.weights + gate.biases
        let operands = [self] + parts + [weight, bias] + (gamma.map { [$0] } ?? [])
        let out = shape.columns
        var widths = [gate.p.shape.columns]
        require(
            gate.weights.count == gate.biases.count, "gatedBranch", operands.map(\.shape),
            "each weight of the gate must have its bias")
        for (weight, bias) in zip(gate.weights, gate.biases) {
            require(
                weight.shape.rank == 2 && weight.shape[1] == widths[widths.count - 1]
                    && bias.shape == [weight.shape[0]],
                "gatedBranch", operands.map(\.shape), "weight k must be [d_{k+1}, d_k] and bias k [d_{k+1}]")
            widths.append(weight.shape[0])
        }
        require(
            shape.rank >= 1 && gate.p.shape == shape.replacing(axis: -1, with: widths[0])
                && gate.gates.shape == shape.replacing(axis: -1, with: widths.reduce(0, +)),
            "gatedBranch", operands.map(\.shape),
            "p and gates must have as many rows as the base, and \(widths) columns")
        require(
            weight.shape == [out, widths[widths.count - 1]] && bias.shape == [out]
                && (gamma == nil || gamma?.shape == [out]),
            "gatedBranch", operands.map(\.shape), "the projection must lead from the last gate to the base's channels")
        let factors = branchFactors("gatedBranch", rate: dropPathRate, key: key)
        let (p, q, w, b) = (gate.p.value, gate.gates.value, gate.weights.map(\.value), gate.biases.map(\.value))
        let (projection, offset, scale, s) = (weight.value, bias.value, gamma?.value, S(gate.scale))
        let (output, kept) = value.gatedBranch(
            p, q, weights: w, biases: b, gateScale: s, projection, offset, scale: scale, factors: factors,
            keeping: operands.contains(where: \.isTracked))
        return Self.record(.gatedBranch, operands, output) { g, needs in
            guard let kept, needs.dropFirst().contains(true) else {
                return [g] + needs.dropFirst().map { _ in nil }
            }
            return [g]
                + g.gatedBranchGradients(
                    kept.p, kept.gates, weights: w, biases: b, gateScale: s, projection, offset, scale: scale,
                    factors: factors)
        }
    }
}

extension GradientCheck {
    private static func shapes(_ leading: [Int], _ widths: [Int], out: Int) -> [Shape] {
        let pairs = zip(widths, widths.dropFirst())
        let maps = [out, widths[0], widths.reduce(0, +)].map { Shape(leading + [$0]) }
        return maps + pairs.map { [$1, $0] } + pairs.map { [$1] } + [[out, widths[widths.count - 1]], [out]]
    }

    private static func gate<S>(_ x: [Variable<S>], _ n: Int) -> GateVariables<S> {
        GateVariables(
            p: x[1], gates: x[2], weights: Array(x[3..<2 + n]), biases: Array(x[2 + n..<1 + 2 * n]), scale: 1.0 / 3)
    }

    static let gatedBranch: [GradientCheck] = [
        GradientCheck("gatedBranch/order 3", shapes([5, 2], [1, 2, 4], out: 4) + [[4]]) {
            [
                $0[0].gatedBranch(
                    gate($0, 3), $0[7], $0[8], scale: $0[9], dropPathRate: 0.4,
                    key: RandomKey(seed: 1, purpose: "gradient check"))
            ]
        },
        GradientCheck("gatedBranch/order 2, scale alone", shapes([3], [2, 5], out: 3) + [[3]]) {
            [$0[0].gatedBranch(gate($0, 2), $0[5], $0[6], scale: $0[7])]
        },
        GradientCheck("gatedBranch/order 1, plain", shapes([2, 2], [3], out: 2)) {
            [$0[0].gatedBranch(gate($0, 1), $0[3], $0[4])]
        },
    ]
}
