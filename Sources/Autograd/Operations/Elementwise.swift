import Tensors

extension Operation {
    package static func elementwise(_ f: ElementwiseFunction) -> Operation { Operation(f.rawValue) }
}

extension Variable {
    /// f of each element. Gradient: g f'(x), with f' computed again from x.
    public func map(_ f: ElementwiseFunction) -> Variable {
        let x = value
        return Self.record(.elementwise(f), [self], x.mapped(f)) { g, _ in [x.mappedGradient(f, g)] }
    }

    /// x Phi(x), the exact (erf) form; Hendrycks and Gimpel, arXiv 1606.08415.
    public func gelu() -> Variable { map(.gelu) }
    /// x sigmoid(1.702 x), the approximation that CvT uses; Hendrycks and Gimpel, arXiv 1606.08415.
    public func quickGELU() -> Variable { map(.quickGELU) }
    /// max(x, 0). Gradient: g where the result is above 0. Keeps the result, which the next operation keeps as well; that of
    /// a norm is computed again.
    public func relu() -> Variable {
        let output = value.mapped(.relu)
        guard let recipe else {
            return Self.record(.elementwise(.relu), self, output) { g in g.applyGradient(.relu, at: output) }
        }
        let again = Recipe(output) {
            var x = recipe.transient
            x.apply(.relu)
            return x
        }
        var result = Self.record(.elementwise(.relu), self, output) { g in
            g.applyGradient(.relu, at: again.tensor)
        }
        result.recipe = again
        return result
    }
    /// min(max(x, 0), 6); Sandler et al., arXiv 1801.04381.
    public func relu6() -> Variable { map(.relu6) }
    /// x sigmoid(x).
    public func silu() -> Variable { map(.silu) }
    /// x min(max(x + 3, 0), 6) / 6; Howard et al., arXiv 1905.02244.
    public func hardSwish() -> Variable { map(.hardSwish) }
    /// min(max(x + 3, 0), 6) / 6; Howard et al., arXiv 1905.02244.
    public func hardSigmoid() -> Variable { map(.hardSigmoid) }
    /// 1 / (1 + e^-x).
    public func sigmoid() -> Variable { map(.sigmoid) }
    /// (e^x - e^-x) / (e^x + e^-x).
    public func tanh() -> Variable { map(.tanh) }
    /// |x|; the gradient at 0 is 0.
    public func absolute() -> Variable { map(.absolute) }
    /// x^2.
    public func squared() -> Variable { map(.square) }
}

extension GradientCheck {
    /// One case per row of the table.
    static let elementwise: [GradientCheck] = ElementwiseFunction.allCases.map { f in
        GradientCheck(
            f.rawValue,
            inputs: { random in
                [
                    Tensor(
                        [3, 1, 7],
                        (0..<21).map { _ in
                            let x = f.needsPositive ? random.uniform(0.5, 3) : random.uniform(-4, 4)
                            // Keep off the kinks of relu (0) and hard-swish (-3, 3).
                            return abs(x) < 0.05 || abs(abs(x) - 3) < 0.05 ? x + 0.2 : x
                        })
                ]
            }, function: { [$0[0].map(f)] })
    }
}
