import Tensors

extension Operation { package static let geluLinear = Operation("geluLinear") }

extension Variable {
    /// y = gelu(x) W^T + b over the last axis: x [.., in], weight [out, in], bias [out] -> [.., out]; equal to
    /// `gelu().linear(weight, bias)`, without the activation ever being stored.
    ///
    /// Gradient: (g W) gelu'(x) for x, g^T gelu(x) for the weight, the sum of g over rows for the bias; gelu is computed
    /// again.
    public func geluLinear(_ weight: Variable, _ bias: Variable? = nil) -> Variable {
        require(
            shape.rank >= 1 && weight.shape.rank == 2 && weight.shape[1] == shape.columns, "geluLinear",
            [shape, weight.shape], "the last axis must equal the weight's second")
        require(
            bias == nil || bias?.shape == [weight.shape[0]], "geluLinear", [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output")
        let (x, w) = (value, weight.value)
        return Self.record(.geluLinear, [self, weight] + (bias.map { [$0] } ?? []), x.geluLinear(w, bias?.value)) {
            g, needs in
            let (dx, dw) = x.geluLinearGradients(w, g, needsInput: needs[0], needsWeight: needs[1])
            return [dx, dw] + (needs.count > 2 ? [needs[2] ? g.summedRows() : nil] : [])
        }
    }
}

extension GradientCheck {
    static let geluLinear: [GradientCheck] = [
        GradientCheck("geluLinear", [[7, 6], [4, 6], [4]]) { [$0[0].geluLinear($0[1], $0[2])] },
        GradientCheck("geluLinear/no bias, rank 4", [[2, 3, 1, 5], [3, 5]]) { [$0[0].geluLinear($0[1])] },
        GradientCheck("geluLinear/size 1", [[1, 1], [1, 1], [1]]) { [$0[0].geluLinear($0[1], $0[2])] },
    ]
}
