import Tensors

extension Operation { package static let sigmoidFocal = Operation("sigmoidFocal") }

extension Variable {
    /// The focal loss of yes-or-no questions, logits x = self [R, K]: the SUM, [], over all elements of
    /// a q^gamma (-log(1 - q)), q the probability of the wrong answer and a = alpha where the answer is yes and 1 - alpha
    /// where it is no. Lin et al., arXiv 1708.02002, equation 5. Divisors are the caller's.
    ///
    /// Gradient: g a q^gamma (q - gamma (1 - q) log(1 - q)), less than 0 where the answer is yes. It is computed with the
    /// loss, in one pass, and takes the place of the logits where nobody else has them.
    ///
    /// - Parameters:
    ///   - labels: one per row: the class that is there, -1 where none is, -2 for a row that counts for nothing.
    ///   - alpha: less than 0 for weights of 1.
    ///   - shares: what the losses of the rows are multiplied with, in as many parts of one size: of each image, say.
    public consuming func sigmoidFocal(
        _ labels: [Int32], alpha: Double = 0.25, gamma: Double = 2, shares: [Double] = [1]
    ) -> Variable {
        let (name, shape) = (Operation.sigmoidFocal.name, shape)
        require(shape.rank == 2 && shape[1] >= 1, name, [shape], "logits must be [R, K] with at least one class")
        require(
            labels.count == shape[0], name, [shape],
            "there must be one label per row of the logits, not \(labels.count)")
        require(
            alpha <= 1 && gamma >= 0 && gamma.isFinite, name, [shape],
            "alpha, \(alpha), must be 1 at most, and gamma, \(gamma), a number and not negative")
        if let wrong = labels.first(where: { $0 < -2 || Int($0) >= shape[1] }) {
            brokenRule(name, [shape], "the label \(wrong) must lie in -2..<\(shape[1])")
        }
        require(
            !shares.isEmpty && shape[0].isMultiple(of: shares.count), name, [shape],
            "\(shares.count) shares must be of as many equal parts of the rows")
        let rule = FocalRule(alpha: alpha < 0 ? nil : alpha, gamma: gamma)
        guard isTracked else { return Variable(value.sigmoidFocal(labels: labels, rule, shares: shares)) }
        // Logits are large and the tape is walked once: their gradient lies where they lay.
        let operand = Variable(value: Tensor([0], []), tape: tape, index: index)
        var held: Tensor<S>? = value
        _ = consume self
        let loss = Self.slopes(&held, labels, rule, shares)
        return Self.record(.sigmoidFocal, [operand], loss) { g, _ in
            guard var slopes = held else { return [nil] }
            held = nil
            slopes.scale(by: g.item)
            return [slopes]
        }
    }

    /// The loss of logits, which become its slopes.
    private static func slopes(
        _ logits: inout Tensor<S>?, _ labels: [Int32], _ rule: FocalRule, _ shares: [Double]
    ) -> Tensor<S> {
        guard var tensor = logits.take() else { return Tensor(0) }
        let loss = tensor.becomeSigmoidFocalSlopes(labels: labels, rule, shares: shares)
        logits = tensor
        return loss
    }
}

extension GradientCheck {
    static let sigmoidFocal: [GradientCheck] = [
        GradientCheck("sigmoidFocal", [[4, 5]]) { [$0[0].sigmoidFocal([1, -1, -2, 4])] },
        GradientCheck("sigmoidFocal/gamma 1.5, no alpha", [[3, 17]]) {
            [$0[0].sigmoidFocal([16, -1, 3], alpha: -1, gamma: 1.5)]
        },
        GradientCheck("sigmoidFocal/gamma 0", [[3, 2]]) { [$0[0].sigmoidFocal([0, 1, -1], alpha: 0.6, gamma: 0)] },
        GradientCheck("sigmoidFocal/shares of parts", [[4, 3]]) {
            [$0[0].sigmoidFocal([1, -1, -2, 0], shares: [0.25, 3])]
        },
        GradientCheck("sigmoidFocal/size 1", [[1, 1]]) { [$0[0].sigmoidFocal([0])] },
    ]
}
