import Tensors

extension Operation {
    package static let batchNormRelu = Operation("batchNormRelu")
    package static let batchNormReluEvaluation = Operation("batchNormReluEvaluation")
}

extension Variable {
    /// `batchNormalized(gain, bias).output.relu()` in training, as one operation: x and the statistics alone are kept,
    /// and whether a result was above 0 is computed again on the way back. x [.., C], gain and bias [C].
    ///
    /// Gradient: that of the norm for g where the result is above 0, and 0 elsewhere.
    ///
    /// - Returns: the output; the mean [C]; and the UNBIASED variance [C], as `batchNormalized`.
    public func batchNormalizedRelu(
        _ gain: Variable, _ bias: Variable, epsilon: Double = 1e-5
    ) -> (output: Variable, mean: Tensor<S>, variance: Tensor<S>) {
        requireChannels(gain, bias, Operation.batchNormRelu.name)
        let rows = shape.rows
        require(rows > 0, "batchNormRelu", [shape], "there must be at least one row")
        let (x, offset) = (value, bias.value)
        let (mean, variance) = x.columnMoments()
        let inverse = variance.inverseDeviations(epsilon: epsilon)
        let scale = gain.value * inverse
        let output = Self.record(
            .batchNormRelu, [self, gain, bias], x.normalizedRelu(scale, offset, mean: mean)
        ) { g, needs in
            let sums = x.normalizedReluSums(g, scale, offset, mean: mean)
            let share = scale.scaled(by: 1 / S(rows))
            let input =
                needs[0]
                ? x.normalizedReluGradient(
                    g, scale, offset, mean: mean, slope: share * inverse * inverse * sums.products,
                    constant: share * sums.gradients) : nil
            return [input, sums.products * inverse, sums.gradients]
        }.recomputed { x.normalizedRelu(scale, offset, mean: mean) }
        return (output, mean, variance.scaled(by: S(rows) / S(max(1, rows - 1))))
    }

    /// `batchNormalized(gain, bias, mean:, variance:).relu()` in evaluation, as one operation.
    ///
    /// Gradient: that of the norm with given statistics for g where the result is above 0, and 0 elsewhere.
    public func batchNormalizedRelu(
        _ gain: Variable, _ bias: Variable, mean: Tensor<S>, variance: Tensor<S>, epsilon: Double = 1e-5
    ) -> Variable {
        requireChannels(gain, bias, Operation.batchNormReluEvaluation.name)
        require(
            mean.shape == gain.shape && variance.shape == gain.shape, "batchNormReluEvaluation",
            [shape, mean.shape, variance.shape], "mean and variance must have one element per channel")
        let (x, offset) = (value, bias.value)
        let inverse = variance.inverseDeviations(epsilon: epsilon)
        let scale = gain.value * inverse
        return Self.record(
            .batchNormReluEvaluation, [self, gain, bias], x.normalizedRelu(scale, offset, mean: mean)
        ) { g, needs in
            let sums = needs[1] || needs[2] ? x.normalizedReluSums(g, scale, offset, mean: mean) : nil
            let zero = Tensor<S>.zeros(mean.shape)
            let input =
                needs[0]
                ? x.normalizedReluGradient(g, scale, offset, mean: mean, slope: zero, constant: zero) : nil
            return [input, sums.map { $0.products * inverse }, sums?.gradients]
        }
    }

    private func requireChannels(_ gain: Variable, _ bias: Variable, _ name: String) {
        require(
            shape.rank >= 1 && gain.shape == [shape.columns] && bias.shape == gain.shape, name,
            [shape, gain.shape, bias.shape], "gain and bias must have one element per channel (the last axis)")
    }
}

extension GradientCheck {
    /// Operands whose results keep away from the kink: each channel lies on one side of it by far, but for one channel
    /// with few, widely spread rows.
    private static func operands(_ shape: Shape, _ random: inout Random) -> [Tensor<Double>] {
        let (rows, channels) = (shape.rows, shape.columns)
        let spread = (0..<rows * channels).map { i in
            Double(i / channels % 2 == 0 ? 1 : -1) + random.uniform(-0.3, 0.3)
        }
        let offsets = (0..<channels).map { [0, 3, -3][$0 % 3] + random.uniform(-0.1, 0.1) }
        return [
            Tensor(shape, spread), Tensor([channels], (0..<channels).map { _ in random.uniform(0.5, 1.2) }),
            Tensor([channels], offsets),
        ]
    }

    static let batchNormRelu: [GradientCheck] = [
        GradientCheck(
            "batchNormRelu", inputs: { operands([2, 3, 1, 5], &$0) },
            function: { [$0[0].batchNormalizedRelu($0[1], $0[2]).output] }),
        GradientCheck(
            "batchNormRelu/one channel", inputs: { operands([7, 1], &$0) },
            function: { [$0[0].batchNormalizedRelu($0[1], $0[2]).output] }),
        GradientCheck(
            "batchNormReluEvaluation", inputs: { operands([2, 3, 1, 5], &$0) },
            function: {
                [
                    $0[0].batchNormalizedRelu(
                        $0[1], $0[2], mean: Tensor([5], [0.05, -0.1, 0, 0.1, 0.02]),
                        variance: Tensor([5], [0.5, 1, 2, 0.6, 3]))
                ]
            }),
    ]
}
