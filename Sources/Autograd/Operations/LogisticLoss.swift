import Tensors

extension Operation { package static let logisticLoss = Operation("logisticLoss") }

extension Variable {
    /// Binary cross-entropy with logits: the SUM, [], over all elements of w (log(1 + e^x) - t x), x = self the logits and
    /// t the targets in 0...1, of one shape. `binaryCrossEntropy` is the mean of the same. Divisors are the caller's.
    ///
    /// Gradient: g w (sigmoid(x) - t). It is computed with the loss, in one pass.
    ///
    /// - Parameter weights: one for each element, or one for each row, [.., 1] or [rows]; an element of weight 0 counts
    ///   for nothing, whatever its numbers are.
    public func binaryCrossEntropySum(_ targets: Tensor<S>, weights: Tensor<S>? = nil) -> Variable {
        requireTargets(Operation.logisticLoss.name, targets, weights)
        let (loss, slopes) = value.logisticLoss(targets, weights: weights, withGradient: isTracked)
        return Self.record(.logisticLoss, [self], loss) { g, _ in [slopes?.scaled(by: g.item)] }
    }
}

extension GradientCheck {
    static let logisticLoss: [GradientCheck] = [
        GradientCheck("logisticLoss", [[2, 3, 3]]) {
            [$0[0].binaryCrossEntropySum(Tensor([2, 3, 3], (0..<18).map { Double($0 % 5) / 4 }))]
        },
        GradientCheck("logisticLoss/a weight for each row", [[3, 2]]) {
            [
                $0[0].binaryCrossEntropySum(
                    Tensor([3, 2], [1, 0, 0.5, 1, 0, 0]), weights: Tensor([3], [0.5, 0, 2]))
            ]
        },
        GradientCheck("logisticLoss/size 1", [[1]]) { [$0[0].binaryCrossEntropySum(Tensor([1], [0.3]))] },
    ]
}
