import Tensors

extension Operation { package static let groupNorm = Operation("groupNorm") }

extension Variable {
    /// (x - mean) / sqrt(variance + epsilon) * scale + shift for x = self [N, .., C], mean and biased variance those of
    /// each of `groups` groups of neighbouring channels of each image, scale and shift [C]. Wu and He, arXiv 1803.08494,
    /// equation 2.
    ///
    /// Gradient: with h = g scale and n the normalised x, (h - mean(h) - n mean(h n)) / deviation for x, means over the
    /// group; the sums of g n and g over all but the channels for scale and shift. Keeps the mean and the deviation of
    /// each group and computes n again.
    public func groupNorm(groups: Int, scale: Variable, shift: Variable, epsilon: Double = 1e-5) -> Variable {
        let name = Operation.groupNorm.name
        require(
            shape.rank >= 2 && scale.shape == [shape.columns] && shift.shape == scale.shape, name,
            [shape, scale.shape, shift.shape], "scale and shift must have one element per channel")
        require(
            groups >= 1 && shape.columns % groups == 0, name, [shape],
            "the channels must be a multiple of the \(groups) groups")
        let (x, gain, bias) = (value, scale.value, shift.value)
        let (output, mean, inverse) = x.groupNormalized(gain, bias, groups: groups, epsilon: epsilon)
        return Self.record(.groupNorm, [self, scale, shift], output) { g, _ in
            let gradients = x.groupNormalizedGradient(g, gain, groups: groups, mean: mean, inverse: inverse)
            return [gradients.input, gradients.gain, gradients.bias]
        }.recomputed { x.groupNormalized(gain, bias, mean: mean, inverse: inverse) }
    }
}

extension GradientCheck {
    private static func grouped(
        _ name: String, _ input: Shape, groups: Int, epsilon: Double = 1e-5
    ) -> GradientCheck {
        GradientCheck("groupNorm" + name, [input, [input.columns], [input.columns]]) {
            [$0[0].groupNorm(groups: groups, scale: $0[1], shift: $0[2], epsilon: epsilon)]
        }
    }

    static let groupNorm: [GradientCheck] = [
        grouped("", [2, 3, 4, 6], groups: 3),
        grouped("/one group", [3, 2, 1, 5], groups: 1),
        grouped("/a group for each channel", [2, 3, 2, 4], groups: 4),
        grouped("/large epsilon, rank 2", [3, 8], groups: 2, epsilon: 0.5),
        grouped("/size 1", [1, 1, 1, 1], groups: 1),
    ]
}
