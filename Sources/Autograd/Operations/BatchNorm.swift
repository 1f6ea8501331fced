import Tensors

extension Operation {
    package static let batchNorm = Operation("batchNorm")
    package static let batchNormEvaluation = Operation("batchNormEvaluation")
}

extension Variable {
    /// Training: (x - mean) / sqrt(variance + epsilon) * gain + bias, mean and biased variance taken over all axes but
    /// the last: x [.., C], gain and bias [C]. Ioffe and Szegedy, arXiv 1502.03167.
    ///
    /// Gradient: with h = g gain and n the normalised x, (h - mean(h) - n mean(h n)) / deviation for x, means over
    /// rows; the sums of g n and g for gain and bias.
    ///
    /// - Returns: the output; the mean [C]; and the UNBIASED variance [C], which is what PyTorch adds to its running
    ///   statistics (the biased one when there is a single row).
    public func batchNormalized(
        _ gain: Variable, _ bias: Variable, epsilon: Double = 1e-5
    ) -> (output: Variable, mean: Tensor<S>, variance: Tensor<S>) {
        requireColumns(gain, bias)
        let rows = shape.rows
        require(rows > 0, "batchNorm", [shape], "there must be at least one row")
        let (x, scale) = (value, gain.value)
        let (mean, variance) = x.columnStatistics()
        let inverse = variance.inverseDeviations(epsilon: epsilon)
        let offset = bias.value
        let output = Self.record(
            .batchNorm, [self, gain, bias], x.batchNormalized(scale, offset, mean: mean, inverse: inverse)
        ) { g, needs in
            let parameters = x.batchNormalizedParameterGradient(g, mean: mean, inverse: inverse)
            let input =
                needs[0]
                ? x.batchNormalizedGradient(g, scale, mean: mean, inverse: inverse, parameters: parameters) : nil
            return [input, parameters.gain, parameters.bias]
        }.recomputed { x.batchNormalized(scale, offset, mean: mean, inverse: inverse) }
        return (output, mean, variance.scaled(by: S(rows) / S(max(1, rows - 1))))
    }

    /// Evaluation: (x - mean) / sqrt(variance + epsilon) * gain + bias with given statistics [C].
    ///
    /// Gradient: g gain / deviation for x; the sums of g (x - mean) / deviation and g over rows for gain and bias.
    public func batchNormalized(
        _ gain: Variable, _ bias: Variable, mean: Tensor<S>, variance: Tensor<S>, epsilon: Double = 1e-5
    ) -> Variable {
        requireColumns(gain, bias)
        require(
            mean.shape == gain.shape && variance.shape == gain.shape, "batchNorm",
            [shape, mean.shape, variance.shape], "mean and variance must have one element per channel")
        let (scale, offset) = (gain.value, bias.value)
        let inverse = variance.inverseDeviations(epsilon: epsilon)
        let x = gain.isTracked || bias.isTracked ? value : nil
        let output = Self.record(
            .batchNormEvaluation, [self, gain, bias],
            value.batchNormalized(scale, offset, mean: mean, inverse: inverse)
        ) { g, needs in
            let parameters = x?.batchNormalizedParameterGradient(g, mean: mean, inverse: inverse)
            return [needs[0] ? g * (scale * inverse) : nil, parameters?.gain, parameters?.bias]
        }
        guard let x else { return output }
        return output.recomputed { x.batchNormalized(scale, offset, mean: mean, inverse: inverse) }
    }

    private func requireColumns(_ gain: Variable, _ bias: Variable) {
        require(
            shape.rank >= 1 && gain.shape == [shape.columns] && bias.shape == gain.shape, "batchNorm",
            [shape, gain.shape, bias.shape], "gain and bias must have one element per channel (the last axis)")
    }
}

extension GradientCheck {
    static let batchNorm: [GradientCheck] = [
        GradientCheck("batchNorm", [[2, 3, 1, 5], [5], [5]]) { [$0[0].batchNormalized($0[1], $0[2]).output] },
        GradientCheck("batchNorm/one channel", [[7, 1], [1], [1]]) { [$0[0].batchNormalized($0[1], $0[2]).output] },
        GradientCheck("batchNorm/one row", [[1, 3], [3], [3]]) { [$0[0].batchNormalized($0[1], $0[2]).output] },
        GradientCheck("batchNormEvaluation", [[2, 3, 1, 5], [5], [5]]) {
            [
                $0[0].batchNormalized(
                    $0[1], $0[2], mean: Tensor([5], [0.5, -1, 0, 2, 0.1]),
                    variance: Tensor([5], [0.5, 1, 2, 0.1, 3]))
            ]
        },
    ]
}
