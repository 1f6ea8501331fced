import Tensors

extension Operation { package static let linear = Operation("linear") }

extension Variable {
    /// y = x W^T + b over the last axis: x [.., in], weight [out, in], bias [out] -> [.., out]. On channels-last
    /// activations this is the pointwise (1x1) convolution.
    ///
    /// Gradient: g W for x, g^T x for the weight, the sum of g over rows for the bias.
    public func linear(_ weight: Variable, _ bias: Variable? = nil) -> Variable {
        require(
            shape.rank >= 1 && weight.shape.rank == 2 && weight.shape[1] == shape.columns, "linear",
            [shape, weight.shape], "the last axis must equal the weight's second")
        require(
            bias == nil || bias?.shape == [weight.shape[0]], "linear", [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output")
        let w = weight.value
        let x = weight.isTracked ? kept : nil
        return Self.record(.linear, [self, weight] + (bias.map { [$0] } ?? []), value.linear(w, bias?.value)) {
            g, needs in
            // Where x is computed again, it is gone before the gradient of x is there.
            let weight = x.map { g.linearWeightGradient($0.tensor) }
            var gradients = [needs[0] ? g.linearInputGradient(w) : nil, weight]
            if needs.count > 2 { gradients.append(needs[2] ? g.summedRows() : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    static let linear: [GradientCheck] = [
        GradientCheck("linear", [[7, 6], [4, 6], [4]]) { [$0[0].linear($0[1], $0[2])] },
        GradientCheck("linear/no bias, rank 4", [[2, 3, 1, 5], [3, 5]]) { [$0[0].linear($0[1])] },
        GradientCheck("linear/size 1", [[1, 1], [1, 1], [1]]) { [$0[0].linear($0[1], $0[2])] },
    ]
}
