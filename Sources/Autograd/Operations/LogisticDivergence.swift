import Tensors

extension Operation { package static let logisticDivergence = Operation("logisticDivergence") }

extension Variable {
    /// The SUM, [], over all elements of w KL(q || p) between the answers yes and no, p = sigmoid(x / T) and q =
    /// sigmoid(teacher / T), x = self and the teacher's logits of one shape; the teacher gets no gradient. It is binary
    /// cross-entropy with the targets q less what that is at x = teacher. Divisors and T^2 are the caller's.
    ///
    /// Gradient: g w (p - q) / T. It is computed with the loss, in one pass.
    ///
    /// - Parameter weights: one for each element, or one for each row, [.., 1] or [rows]; an element of weight 0 counts
    ///   for nothing, whatever its numbers are.
    public func logisticDivergence(
        teacherLogits: Tensor<S>, temperature: Double, weights: Tensor<S>? = nil
    ) -> Variable {
        let name = Operation.logisticDivergence.name
        requireTargets(name, teacherLogits, weights)
        require(
            temperature > 0 && temperature.isFinite, name, [shape],
            "the temperature \(temperature) must be positive")
        let (loss, slopes) = value.logisticDivergence(
            teacherLogits, scale: 1 / temperature, weights: weights, withGradient: isTracked)
        return Self.record(.logisticDivergence, [self], loss) { g, _ in [slopes?.scaled(by: g.item)] }
    }
}

extension GradientCheck {
    private static let teacher = Tensor<Double>([2, 3, 3], (0..<18).map { Double($0 % 7) - 3 })

    static let logisticDivergence: [GradientCheck] = [
        GradientCheck("logisticDivergence", [[2, 3, 3]]) {
            [$0[0].logisticDivergence(teacherLogits: teacher, temperature: 1)]
        },
        GradientCheck("logisticDivergence/temperature, a weight for each row", [[2, 3, 3]]) {
            [
                $0[0].logisticDivergence(
                    teacherLogits: teacher, temperature: 4, weights: Tensor([6], [0.5, 0, 2, 1, 1, 3]))
            ]
        },
        GradientCheck("logisticDivergence/size 1", [[1]]) {
            [$0[0].logisticDivergence(teacherLogits: Tensor([1], [0.3]), temperature: 2)]
        },
    ]
}
