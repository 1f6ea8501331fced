import Tensors

extension Operation { package static let reluLinearRow = Operation("reluLinearRow") }

extension Variable {
    /// y = max(x, 0) . W[row] + b[row] for samples x = self [N, .., in], weight W [out, in], bias b [out] and one row of W for
    /// each sample -> [N, .., 1]: of `reluLinear` the output that is wanted of a sample, without the others.
    ///
    /// Gradient: g W[row] where x is above 0 for x; for each row of W the sum of g max(x, 0) over the samples that met it,
    /// one sample after the other, and of g for b. What is kept of x becomes the gradient of x in place.
    package func reluLinearRow(_ weight: Variable, _ bias: Variable?, rows: [Int32]) -> Variable {
        let name = Operation.reluLinearRow.name
        require(
            shape.rank >= 2 && weight.shape.rank == 2 && weight.shape[1] == shape.columns, name, [shape, weight.shape],
            "x must be [samples, .., in] and the weight [out, in]")
        require(
            bias == nil || bias?.shape == [weight.shape[0]], name, [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output")
        require(
            rows.count == shape[0] && rows.allSatisfy { $0 >= 0 && Int($0) < weight.shape[0] }, name,
            [shape, weight.shape], "each sample must have one of the weight's rows, not \(rows.count) in all")
        let w = weight.value
        var held: Kept<S>? = isTracked || weight.isTracked ? kept : nil
        return Self.record(
            .reluLinearRow, [self, weight] + (bias.map { [$0] } ?? []), value.reluLinearRow(w, bias?.value, rows)
        ) { g, needs in
            var gradients: [Tensor<S>?] = [nil, nil]
            if needs.count > 2 {
                let sums = needs[2] ? g.sampleSums().scatteredRows(rows, input: [w.shape[0], 1]) : nil
                gradients.append(sums?.reshaped([w.shape[0]]))
            }
            guard var x = held?.tensor else { return gradients }
            // A tape is walked once.
            held = nil
            let sums = x.becomeReluLinearRowGradient(w, g, rows)
            if needs[1] { gradients[1] = sums.scatteredRows(rows, input: w.shape) }
            if needs[0] { gradients[0] = x }
            return gradients
        }
    }
}

extension GradientCheck {
    /// Operands whose first keeps away from the kink.
    private static func rows(
        _ name: String, _ input: Shape, out: Int, _ rows: [Int32], bias: Bool = true
    ) -> GradientCheck {
        GradientCheck(
            "reluLinearRow" + name,
            inputs: { random in
                let values = (0..<input.elementCount).map { _ in
                    random.uniform(0.05, 2) * (random.uniform(0, 1) < 0.5 ? 1 : -1)
                }
                return [Tensor(input, values), .normal([out, input.columns], from: &random)]
                    + (bias ? [.normal([out], from: &random)] : [])
            }, function: { [$0[0].reluLinearRow($0[1], bias ? $0[2] : nil, rows: rows)] })
    }

    static let reluLinearRow: [GradientCheck] = [
        rows("", [4, 3, 2, 6], out: 5, [3, 0, 3, 4]),
        rows("/no bias, rank 2", [3, 5], out: 2, [1, 1, 0], bias: false),
        rows("/size 1", [1, 1], out: 1, [0]),
    ]
}
