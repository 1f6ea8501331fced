import Tensors

extension Operation { package static let binaryPixelCrossEntropy = Operation("binaryPixelCrossEntropy") }

extension Variable {
    /// The binary cross-entropy of single logits, x = self [.., 1], with labels 0 and 1: the mean over the pixels that
    /// count of log(1 + e^x) for label 0 and w log(1 + e^-x) for label 1, w the positive weight, as PyTorch's
    /// `binary_cross_entropy_with_logits` has it. Pixels of the label `ignored` count for nothing. 0 where nothing counts.
    ///
    /// Gradient: g sigmoid(x) or -g w sigmoid(-x), over the number of pixels that count.
    public func binaryPixelCrossEntropy(
        _ labels: [UInt8], ignored: UInt8 = 255, positiveWeight: Double = 1
    ) -> Variable {
        let operation = Operation.binaryPixelCrossEntropy
        require(
            shape.columns == 1 && positiveWeight >= 0, operation.name, [shape],
            "logits must be [.., 1] and the positive weight \(positiveWeight) not negative")
        requireLabels(operation, labels, ignored, classes: 2)
        let x = value
        let (loss, count) = x.binaryPixelCrossEntropy(
            labels: labels, ignored: ignored, positiveWeight: positiveWeight)
        return Self.record(operation, [self], loss) { g, _ in
            [
                x.binaryPixelCrossEntropyGradient(
                    labels: labels, ignored: ignored, positiveWeight: positiveWeight,
                    scale: count > 0 ? Double(g.item) / count : 0)
            ]
        }
    }
}

extension GradientCheck {
    static let binaryPixelCrossEntropy: [GradientCheck] = [
        GradientCheck("binaryPixelCrossEntropy", [[2, 2, 1, 1]]) { [$0[0].binaryPixelCrossEntropy([1, 255, 0, 0])] },
        GradientCheck("binaryPixelCrossEntropy/weighted", [[19, 1]]) {
            [$0[0].binaryPixelCrossEntropy((0..<19).map { UInt8($0 % 2) }, positiveWeight: 3)]
        },
        GradientCheck("binaryPixelCrossEntropy/nothing counts", [[2, 1]]) {
            [$0[0].binaryPixelCrossEntropy([9, 9], ignored: 9)]
        },
    ]
}
