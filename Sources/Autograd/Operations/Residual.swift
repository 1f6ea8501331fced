import Tensors

extension Operation { package static let addingResidual = Operation("addingResidual") }

extension Variable {
    /// x + keep_n gamma_c branch in one pass: x and branch [N, .., C], the layer scale gamma [C], keep_n the drop-path
    /// factor of sample n (as `dropPath(rate:key:)` draws it). Touvron et al., arXiv 2103.17239.
    ///
    /// Gradient: g for x; keep_n gamma_c g for the branch and the sum of keep_n g branch over rows for gamma, both in
    /// one pass.
    ///
    /// - Parameters:
    ///   - scale: gamma, 1 everywhere when absent.
    ///   - key: the source of keep_n; without it, or with rate 0, all samples are kept.
    public func addingResidual(
        _ branch: Variable, scale gamma: Variable? = nil, dropPathRate: Double = 0, key: RandomKey? = nil
    ) -> Variable {
        require(
            shape.rank >= 1 && branch.shape == shape && (gamma == nil || gamma?.shape == [shape.columns]),
            "addingResidual", [shape, branch.shape] + (gamma.map { [$0.shape] } ?? []),
            "the branch must have the shape of x and the scale one element per channel")
        let factors = branchFactors("addingResidual", rate: dropPathRate, key: key)
        let scale = gamma?.value
        let output = value.addingResidual(branch.value, scale: scale, factors: factors)
        if scale == nil, factors == nil {
            let sum = Self.record(.addingResidual, [self, branch], output) { g, _ in [g, g] }
            // A norm ends the branches of a ResNet; what it is added to is kept by the branch's first layer.
            guard let second = branch.recipe else { return sum }
            let first = kept
            return sum.recomputed(staysMade: false) {
                first.tensor.addingResidual(second.transient, scale: nil, factors: nil)
            }
        }
        let b = branch.value
        return Self.record(.addingResidual, [self, branch] + (gamma.map { [$0] } ?? []), output) { g, needs in
            guard needs.dropFirst().contains(true) else { return [g] + needs.dropFirst().map { _ in nil } }
            let gradients = b.residualGradient(g, scale: scale, factors: factors)
            return [g, gradients.branch] + (needs.count > 2 ? [gradients.scale] : [])
        }
    }
}

extension GradientCheck {
    private static let dropKey = RandomKey(seed: 1, purpose: "gradient check")

    static let residual: [GradientCheck] = [
        GradientCheck("addingResidual", [[5, 2, 3], [5, 2, 3], [3]]) {
            [$0[0].addingResidual($0[1], scale: $0[2], dropPathRate: 0.4, key: dropKey)]
        },
        GradientCheck("addingResidual/scale alone", [[2, 3, 1, 5], [2, 3, 1, 5], [5]]) {
            [$0[0].addingResidual($0[1], scale: $0[2])]
        },
        GradientCheck("addingResidual/drop path alone", [[6, 3], [6, 3]]) {
            [$0[0].addingResidual($0[1], dropPathRate: 0.4, key: dropKey)]
        },
        GradientCheck("addingResidual/plain", [[4], [4]]) { [$0[0].addingResidual($0[1])] },
    ]
}
