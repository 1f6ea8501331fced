import Tensors

extension Operation { package static let normalizedLinearSplit = Operation("normalizedLinearSplit") }

extension Variable {
    /// `layerNormalized` followed by `linear(_:_:splitInto:)`, without storing the normalised rows: x [.., in], gain and
    /// offset of the norm [in], weight [sum of widths, in], bias [sum of widths] -> [.., widths[i]] each.
    ///
    /// Gradient: that of the two operations in one pass over blocks of rows, which are normalised again; x is kept in
    /// bfloat16 where products are.
    public func normalizedLinear(
        gain: Variable, offset: Variable, epsilon: Double = 1e-6, _ weight: Variable, _ bias: Variable? = nil,
        splitInto widths: [Int]
    ) -> [Variable] {
        let operands = [self, gain, offset, weight] + (bias.map { [$0] } ?? [])
        require(
            shape.rank >= 1 && gain.shape == [shape.columns] && offset.shape == gain.shape, "normalizedLinearSplit",
            operands.map(\.shape), "gain and offset must have one element per element of the last axis")
        require(
            weight.shape.rank == 2 && weight.shape[1] == shape.columns
                && (bias == nil || bias?.shape == [weight.shape[0]]),
            "normalizedLinearSplit", operands.map(\.shape),
            "the last axis must equal the weight's second, and the bias have one element per output")
        require(
            !widths.isEmpty && widths.allSatisfy { $0 > 0 } && widths.reduce(0, +) == weight.shape[0],
            "normalizedLinearSplit", [weight.shape],
            "the widths \(widths) must be positive and add up to the weight's first axis")
        let (a, o, w) = (gain.value, offset.value, weight.value)
        let (outputs, kept) = value.normalizedLinear(
            gain: a, offset: o, epsilon: epsilon, w, bias?.value, splitInto: widths,
            keeping: operands.contains(where: \.isTracked))
        return Self.record(.normalizedLinearSplit, operands, outputs: outputs) { parts, needs in
            let gradients = kept.normalizedLinearGradients(
                of: parts, gain: a, offset: o, epsilon: epsilon, w, splitInto: widths)
            return gradients.prefix(needs.count).map { $0 }
        }
    }
}

extension GradientCheck {
    static let normalizedLinearSplit: [GradientCheck] = [
        GradientCheck("normalizedLinearSplit", [[2, 3, 5], [5], [5], [7, 5], [7]]) {
            $0[0].normalizedLinear(gain: $0[1], offset: $0[2], $0[3], $0[4], splitInto: [2, 1, 4])
        },
        GradientCheck("normalizedLinearSplit/no bias, large epsilon", [[4, 3], [3], [3], [5, 3]]) {
            $0[0].normalizedLinear(gain: $0[1], offset: $0[2], epsilon: 0.5, $0[3], splitInto: [3, 2])
        },
        GradientCheck("normalizedLinearSplit/first part unused", [[3, 4], [4], [4], [6, 4], [6]]) {
            [$0[0].normalizedLinear(gain: $0[1], offset: $0[2], $0[3], $0[4], splitInto: [2, 4])[1]]
        },
        GradientCheck("normalizedLinearSplit/size 1", [[1, 1], [1], [1], [1, 1], [1]]) {
            $0[0].normalizedLinear(gain: $0[1], offset: $0[2], $0[3], $0[4], splitInto: [1])
        },
    ]
}
