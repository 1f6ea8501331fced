import Tensors

extension Operation { package static let boxLoss = Operation("boxLoss") }

extension Variable {
    /// The SUM over rows, [], of w (1 - measure), between boxes self and targets, both [R, 4] as left, top, right, bottom.
    /// Divisors are the caller's.
    ///
    /// Gradient: g w times the measure's by the four corners. Where a corner equals the target's, half of it goes to the
    /// box; the weight of CIoU's term for the ratio of the sides is held constant. It is computed with the loss, in one
    /// pass.
    ///
    /// - Parameters:
    ///   - epsilon: what is added to every divisor.
    ///   - weights: [R], one for each row; a row of weight 0 counts for nothing, whatever its numbers are.
    public func boxLoss(
        _ targets: Tensor<S>, kind: BoxMeasure, epsilon: Double = 1e-7, weights: Tensor<S>? = nil
    ) -> Variable {
        let name = Operation.boxLoss.name
        require(
            shape.rank == 2 && shape[1] == 4 && targets.shape == shape, name, [shape, targets.shape],
            "boxes and targets must both be [R, 4]")
        require(
            weights.map { $0.elementCount == shape[0] } ?? true, name, [shape] + (weights.map { [$0.shape] } ?? []),
            "there must be one weight per row")
        let (loss, slopes) = value.boxLoss(
            targets, kind, epsilon: epsilon, weights: weights, withGradient: isTracked)
        return Self.record(.boxLoss, [self], loss) { g, _ in [slopes?.scaled(by: g.item)] }
    }
}

extension GradientCheck {
    /// Boxes and targets that overlap, contain each other, or lie apart, with no two corners at one place.
    private static let boxes: [Double] = [
        1, 1, 4.5, 3, 0, 0, 6, 5, 2, 2, 3, 3.5, 0, 0, 1, 2, 1, 3, 2.2, 7,
    ]
    private static let targets: [Double] = [
        2, 0.5, 5, 4, 1, 1, 2, 3, 0.5, 1, 5, 5, 3, 4, 6, 4.5, 0, 2, 3, 4,
    ]

    private static func boxLoss(
        _ name: String, _ measure: BoxMeasure, weights: Tensor<Double>? = nil
    ) -> GradientCheck {
        GradientCheck(
            "boxLoss" + name,
            inputs: { random in [Tensor([5, 4], boxes.map { $0 + random.uniform(-0.1, 0.1) })] },
            function: { [$0[0].boxLoss(Tensor([5, 4], targets), kind: measure, weights: weights)] })
    }

    static let boxLoss: [GradientCheck] = [
        boxLoss("", .iou),
        boxLoss("/generalised", .giou),
        boxLoss("/distance", .diou),
        boxLoss("/weighted", .diou, weights: Tensor([5], [1, 0, 0.5, 2, 3])),
    ]
}
