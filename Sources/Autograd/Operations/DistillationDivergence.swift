import Tensors

extension Operation { package static let distillationDivergence = Operation("distillationDivergence") }

extension Variable {
    /// T^2 times the mean over the batch of KL(softmax(teacher / T) || softmax(x / T)), x = self the student's logits
    /// and the teacher's logits both [N, K]; the teacher gets no gradient. Hinton et al., arXiv 1503.02531.
    ///
    /// Gradient: g T (softmax(x / T) - softmax(teacher / T)) / N.
    public func distillationDivergence(teacherLogits: Tensor<S>, temperature: Double) -> Variable {
        requireLogits("distillationDivergence")
        require(
            teacherLogits.shape == shape, "distillationDivergence", [shape, teacherLogits.shape],
            "student and teacher must have logits of the same shape")
        require(
            temperature > 0, "distillationDivergence", [shape], "the temperature \(temperature) must be positive")
        let x = value
        let (loss, logSums) = x.distillationDivergence(teacherLogits: teacherLogits, temperature: temperature)
        return Self.record(.distillationDivergence, [self], loss) { g, _ in
            [
                x.distillationDivergenceGradient(
                    teacherLogits: teacherLogits, temperature: temperature, logSums: logSums,
                    scale: g.item * S(temperature) / S(x.shape[0]))
            ]
        }
    }
}

extension GradientCheck {
    static let distillationDivergence: [GradientCheck] = [
        GradientCheck("distillationDivergence", [[2, 3]]) {
            [
                $0[0].distillationDivergence(
                    teacherLogits: Tensor([2, 3], [0.2, -1, 0.5, 3, 1, 0]), temperature: 4)
            ]
        }
    ]
}
