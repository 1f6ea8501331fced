import Tensors

extension Operation { package static let hardPixelCrossEntropy = Operation("hardPixelCrossEntropy") }

extension Variable {
    /// `pixelCrossEntropy` of hard rows alone: those whose probability of their label is below `threshold` or, where
    /// fewer than `least` rows of the whole batch are, below the probability that `least` rows have at most. So at least
    /// that many are kept, unless there are fewer or equal ones. 0 where nothing counts. Online hard example mining:
    /// Shrivastava et al., arXiv 1604.03540, as segmentation uses it.
    ///
    /// Gradient: that of the cross-entropy over the rows that are kept, 0 for others; which are is constant.
    public func hardPixelCrossEntropy(
        _ labels: [UInt8], ignored: UInt8 = 255, classWeights: [Double] = [], threshold: Double, least: Int
    ) -> Variable {
        let operation = Operation.hardPixelCrossEntropy
        require(
            least >= 0 && threshold >= 0, operation.name, [shape],
            "the threshold \(threshold) and the least number \(least) must not be negative")
        let weights = checkedWeights(operation, labels, ignored, classWeights)
        let logSums = value.pixelCrossEntropy(labels: labels, PixelRule(ignored: ignored), weights: weights).logSums
        let kept = value.hardLabels(labels, ignored: ignored, logSums: logSums, threshold: threshold, least: least)
        return pixelLoss(operation, kept, PixelRule(ignored: ignored), classWeights)
    }
}

extension GradientCheck {
    /// Logits whose probabilities keep away from each other and the threshold, so that no small step changes which rows
    /// are hard.
    private static func apart(_ random: inout Random) -> [Tensor<Double>] {
        let places = random.permutation(8)
        return [Tensor([8, 2], places.flatMap { [Double($0) * 0.4 - 1.4, 0] })]
    }

    static let hardPixelCrossEntropy: [GradientCheck] = [
        GradientCheck(
            "hardPixelCrossEntropy/below the threshold", inputs: apart,
            function: { [$0[0].hardPixelCrossEntropy([0, 0, 0, 0, 255, 0, 0, 0], threshold: 0.55, least: 1)] }),
        GradientCheck(
            "hardPixelCrossEntropy/the hardest", inputs: apart,
            function: {
                [
                    $0[0].hardPixelCrossEntropy(
                        [1, 1, 1, 1, 1, 1, 1, 1], classWeights: [1, 0.7], threshold: 0, least: 3)
                ]
            }),
    ]
}
