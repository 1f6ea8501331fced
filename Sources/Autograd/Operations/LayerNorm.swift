import Tensors

extension Operation { package static let layerNorm = Operation("layerNorm") }

extension Variable {
    /// (x - mean) / sqrt(variance + epsilon) * gain + bias over the last axis, the variance biased: x [.., C], gain and
    /// bias [C]. Ba et al., arXiv 1607.06450.
    ///
    /// Gradient: with h = g gain and n the normalised x, (h - mean(h) - n mean(h n)) / deviation for x; the sums of g n
    /// and g over rows for gain and bias. Keeps the mean and deviation of each row and computes n again.
    ///
    /// - Parameter halvesInput: whether x is kept for the gradient in bfloat16 where products are; it pays where nothing else
    ///   keeps x.
    public func layerNormalized(
        _ gain: Variable, _ bias: Variable, epsilon: Double = 1e-6, halvesInput: Bool = false
    ) -> Variable {
        require(
            shape.rank >= 1 && gain.shape == [shape.columns] && bias.shape == gain.shape, "layerNorm",
            [shape, gain.shape, bias.shape], "gain and bias must have one element per element of the last axis")
        let (scale, operands) = (gain.value, [self, gain, bias])
        let (output, statistics) = value.layerNormalized(scale, bias.value, epsilon: epsilon)
        let kept = kept(halving: halvesInput, for: operands)
        return Self.record(.layerNorm, operands, output) { g, _ in
            let gradients = kept.tensor.layerNormalizedGradient(g, scale, statistics: statistics)
            return [gradients.input, gradients.gain, gradients.bias]
        }
    }
}

extension GradientCheck {
    static let layerNorm: [GradientCheck] = [
        GradientCheck("layerNorm", [[3, 2, 7], [7], [7]]) { [$0[0].layerNormalized($0[1], $0[2])] },
        GradientCheck("layerNorm/large epsilon", [[5, 16], [16], [16]]) {
            [$0[0].layerNormalized($0[1], $0[2], epsilon: 0.5)]
        },
        GradientCheck("layerNorm/one row", [[3], [3], [3]]) { [$0[0].layerNormalized($0[1], $0[2])] },
        GradientCheck("layerNorm/size 1", [[4, 1], [1], [1]]) { [$0[0].layerNormalized($0[1], $0[2])] },
    ]
}
