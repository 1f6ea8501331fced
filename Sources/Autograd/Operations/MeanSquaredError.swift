import Tensors

extension Operation { package static let meanSquaredError = Operation("meanSquaredError") }

extension Variable {
    /// The mean of (x - target)^2 over all elements, []; the target has the shape of x and gets no gradient.
    ///
    /// Gradient: 2 g (x - target) / count.
    public func meanSquaredError(_ target: Tensor<S>) -> Variable {
        require(
            target.shape == shape && shape.elementCount > 0, "meanSquaredError", [shape, target.shape],
            "both must have the same shape and not be empty")
        let x = value
        return Self.record(.meanSquaredError, [self], x.meanSquaredError(target)) { g, _ in
            [x.scaledDifference(target, scale: 2 * g.item / S(x.elementCount))]
        }
    }
}

extension GradientCheck {
    static let meanSquaredError: [GradientCheck] = [
        GradientCheck("meanSquaredError", [[2, 1, 3]]) {
            [$0[0].meanSquaredError(Tensor([2, 1, 3], [0.2, -1, 0.5, 3, 1, 0]))]
        }
    ]
}
