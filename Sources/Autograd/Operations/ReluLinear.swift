import Tensors

extension Operation { package static let reluLinear = Operation("reluLinear") }

extension Variable {
    /// y = max(x, 0) W^T + b over the last axis: x [.., in], weight [out, in], bias [out] -> [.., out]; `relu().linear(weight,
    /// bias)`, bit for bit, without the activation ever being stored: for maps that are large and read once.
    ///
    /// Gradient: (g W) where x is above 0 for x, g^T max(x, 0) for the weight, the sum of g over rows for the bias. What is
    /// kept of x becomes the activation and then the gradient of x in place.
    package func reluLinear(_ weight: Variable, _ bias: Variable? = nil) -> Variable {
        require(
            shape.rank >= 1 && weight.shape.rank == 2 && weight.shape[1] == shape.columns, "reluLinear",
            [shape, weight.shape], "the last axis must equal the weight's second")
        require(
            bias == nil || bias?.shape == [weight.shape[0]], "reluLinear", [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output")
        let w = weight.value
        var held: Kept<S>? = isTracked || weight.isTracked ? kept : nil
        return Self.record(
            .reluLinear, [self, weight] + (bias.map { [$0] } ?? []), value.reluLinear(w, bias?.value)
        ) { g, needs in
            var gradients: [Tensor<S>?] = [nil, nil] + (needs.count > 2 ? [needs[2] ? g.summedRows() : nil] : [])
            guard var x = held?.tensor else { return gradients }
            // A tape is walked once.
            held = nil
            x.apply(.relu)
            if needs[1] { gradients[1] = g.linearWeightGradient(x) }
            if needs[0] {
                x.becomeReluLinearGradient(w, g)
                gradients[0] = x
            }
            return gradients
        }
    }
}

extension GradientCheck {
    /// Operands whose first keeps away from the kink.
    private static func linear(_ name: String, _ input: Shape, out: Int, bias: Bool = true) -> GradientCheck {
        GradientCheck(
            "reluLinear" + name,
            inputs: { random in
                let values = (0..<input.elementCount).map { _ in
                    random.uniform(0.05, 2) * (random.uniform(0, 1) < 0.5 ? 1 : -1)
                }
                return [Tensor(input, values), .normal([out, input.columns], from: &random)]
                    + (bias ? [.normal([out], from: &random)] : [])
            }, function: { [$0[0].reluLinear($0[1], bias ? $0[2] : nil)] })
    }

    static let reluLinear: [GradientCheck] = [
        linear("", [7, 6], out: 4),
        linear("/no bias, rank 4", [2, 3, 1, 5], out: 3, bias: false),
        linear("/size 1", [1, 1], out: 1),
    ]
}
