import Tensors

extension Operation { package static let dynamicRelu = Operation("dynamicRelu") }

extension Variable {
    /// max(a x, b x) with slopes a and b of each sample's own for each channel: x = self [N, .., C], slopes [N, 2 C], those
    /// of a before those of b. Dynamic relu without intercepts; Chen et al., arXiv 2003.10027, Eq. 1.
    ///
    /// Gradient: g times the slope that is taken for x; for the slope that is taken the sum of g x over the positions.
    /// Where both give the same each has half.
    public func dynamicRelu(_ slopes: Variable) -> Variable {
        require(
            shape.rank >= 2 && slopes.shape == [shape[0], 2 * shape.columns], Operation.dynamicRelu.name,
            [shape, slopes.shape], "the slopes must be [samples, 2 channels]")
        let (x, a) = (value, slopes.value)
        return Self.record(.dynamicRelu, [self, slopes], x.dynamicRelu(a)) { g, _ in
            let gradients = x.dynamicReluGradients(g, a)
            return [gradients.input, gradients.slopes]
        }
    }
}

extension GradientCheck {
    static let dynamicRelu: [GradientCheck] = [
        relu("dynamicRelu", [2, 3, 2, 5]), relu("dynamicRelu/size 1", [1, 1]), relu("dynamicRelu/rows", [3, 4, 2]),
    ]

    /// Inputs away from 0 and slopes that are not nearly equal, where the maximum has a kink.
    private static func relu(_ name: String, _ input: Shape) -> GradientCheck {
        let columns = input.columns
        return GradientCheck(
            name,
            inputs: { random in
                [
                    Tensor(
                        input,
                        (0..<input.elementCount).map { _ in
                            random.uniform(0.2, 2) * (random.uniform(0, 1) < 0.5 ? -1 : 1)
                        }),
                    Tensor(
                        [input[0], 2 * columns],
                        (0..<input[0] * 2 * columns).map {
                            random.uniform(0.3, 1) * ($0 / columns % 2 == 0 ? 1 : -1)
                        }),
                ]
            }, function: { [$0[0].dynamicRelu($0[1])] })
    }
}
