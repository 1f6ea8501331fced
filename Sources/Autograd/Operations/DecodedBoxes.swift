import Tensors

extension Operation { package static let decodedBoxes = Operation("decodedBoxes") }

extension Variable {
    /// Boxes [R, 4] as left, top, right, bottom of deltas d = self [R, 4] from anchors [R, 4], each delta times its
    /// deviation: the centre moves by d0 and d1 sizes of the anchor, which then grows by e^d2 and e^d3. Ren et al., arXiv
    /// 1506.01497, equation 2.
    ///
    /// Gradient: to d0 and d1 the sum of g over both sides times the anchor's size, to d2 and d3 their difference times
    /// half of the box's, all times the deviation; 0 where a logarithm was clamped.
    ///
    /// - Parameters:
    ///   - deviations: of the four deltas; torchvision's weights are their inverses.
    ///   - clampsSmall: whether logarithms are clamped at -ln(1000 / 16) too (mmdetection) and not at ln(1000 / 16) alone
    ///     (torchvision).
    public func decodedBoxes(_ anchors: Tensor<S>, deviations: [Double], clampsSmall: Bool) -> Variable {
        let name = Operation.decodedBoxes.name
        require(
            shape.rank == 2 && shape[1] == 4 && anchors.shape == shape && deviations.count == 4, name,
            [shape, anchors.shape], "deltas and anchors must both be [R, 4], and the deviations \(deviations) four")
        let deltas = value
        return Self.record(
            .decodedBoxes, [self], deltas.decodedBoxes(anchors, deviations: deviations, clampsSmall: clampsSmall)
        ) { g, _ in
            [deltas.decodedBoxesGradient(g, anchors, deviations: deviations, clampsSmall: clampsSmall)]
        }
    }
}

extension GradientCheck {
    static let decodedBoxes: [GradientCheck] = [
        GradientCheck("decodedBoxes", [[3, 4]]) {
            let anchors = Tensor([3, 4], [0.0, 0, 4, 2, 1, 3, 2, 9, -3, -2, 5, 6])
            return [$0[0].decodedBoxes(anchors, deviations: [0.1, 0.1, 0.2, 0.2], clampsSmall: true)]
        },
        GradientCheck(
            "decodedBoxes/clamped", inputs: { _ in [Tensor([2, 4], [0.1, 0.2, 5, -5, -0.3, 1, 3, -3])] },
            function: {
                let anchors = Tensor([2, 4], [0.0, 0, 4, 2, 1, 3, 2, 9])
                return [
                    $0[0].decodedBoxes(anchors, deviations: [1, 1, 1, 1], clampsSmall: true),
                    $0[0].decodedBoxes(anchors, deviations: [1, 1, 1, 1], clampsSmall: false),
                ]
            }),
    ]
}
