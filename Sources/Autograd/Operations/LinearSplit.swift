import Tensors

extension Operation { package static let linearSplit = Operation("linearSplit") }

extension Variable {
    /// The same product as `linear`, its columns as separate tensors: x [.., in], weight [sum of widths, in], bias
    /// [sum of widths] -> [.., widths[i]] each. Saves the copies of a split.
    ///
    /// Gradient: the sum of g_i W_i for x, the g_i^T x stacked for the weight, the sums of g_i over rows for the bias.
    public func linear(_ weight: Variable, _ bias: Variable? = nil, splitInto widths: [Int]) -> [Variable] {
        require(
            shape.rank >= 1 && weight.shape.rank == 2 && weight.shape[1] == shape.columns, "linearSplit",
            [shape, weight.shape], "the last axis must equal the weight's second")
        require(
            bias == nil || bias?.shape == [weight.shape[0]], "linearSplit", [weight.shape, bias?.shape ?? []],
            "the bias must have one element per output")
        require(
            !widths.isEmpty && widths.allSatisfy { $0 > 0 } && widths.reduce(0, +) == weight.shape[0], "linearSplit",
            [weight.shape], "the widths \(widths) must be positive and add up to the weight's first axis")
        let (x, w) = (value, weight.value)
        let inputs = [self, weight] + (bias.map { [$0] } ?? [])
        return Self.record(.linearSplit, inputs, outputs: x.linear(w, bias?.value, splitInto: widths)) { parts, needs in
            var gradients = [
                needs[0] ? Tensor.linearSplitInputGradient(parts, widths: widths, w, like: x.shape) : nil,
                needs[1] ? Tensor.linearSplitWeightGradient(parts, widths: widths, x) : nil,
            ]
            if needs.count > 2 { gradients.append(needs[2] ? .linearSplitBiasGradient(parts, widths: widths) : nil) }
            return gradients
        }
    }
}

extension GradientCheck {
    static let linearSplit: [GradientCheck] = [
        GradientCheck("linearSplit", [[2, 3, 5], [7, 5], [7]]) { $0[0].linear($0[1], $0[2], splitInto: [2, 1, 4]) },
        GradientCheck("linearSplit/no bias", [[4, 3], [5, 3]]) { $0[0].linear($0[1], splitInto: [3, 2]) },
        GradientCheck("linearSplit/first part unused", [[3, 4], [6, 4], [6]]) {
            [$0[0].linear($0[1], $0[2], splitInto: [2, 4])[1]]
        },
        GradientCheck("linearSplit/size 1", [[1, 1], [1, 1], [1]]) { $0[0].linear($0[1], $0[2], splitInto: [1]) },
    ]
}
