import Tensors

// No kernel: that of `PixelCrossEntropy.swift` has the factor (1 - p)^gamma too.

extension Operation { package static let pixelFocal = Operation("pixelFocal") }

extension Variable {
    /// The focal loss of rows of logits, x = self [.., K]: the mean over the rows that count of w (1 - p)^gamma (-log p),
    /// p the probability of the row's label and w the weight of its class; the mean is over these weights, so that a
    /// gamma of 0 gives `pixelCrossEntropy`. Rows of the label `ignored` count for nothing. 0 where nothing counts. Lin
    /// et al., arXiv 1708.02002, equation 5.
    ///
    /// Gradient: that of the cross-entropy, times (1 - p)^gamma - gamma (1 - p)^(gamma - 1) p log p.
    public func pixelFocal(
        _ labels: [UInt8], ignored: UInt8 = 255, gamma: Double = 2, classWeights: [Double] = []
    ) -> Variable {
        require(
            gamma >= 0 && gamma.isFinite, Operation.pixelFocal.name, [shape],
            "gamma, \(gamma), must be a number and not negative")
        return pixelLoss(.pixelFocal, labels, PixelRule(ignored: ignored, gamma: gamma), classWeights)
    }
}

extension GradientCheck {
    static let pixelFocal: [GradientCheck] = [
        GradientCheck("pixelFocal", [[2, 2, 1, 5]]) { [$0[0].pixelFocal([1, 255, 4, 0])] },
        GradientCheck("pixelFocal/gamma 0.5, weighted", [[5, 3]]) {
            [$0[0].pixelFocal([1, 0, 2, 255, 1], gamma: 0.5, classWeights: [0.3, 2, 1])]
        },
        GradientCheck("pixelFocal/gamma 1", [[17, 2]]) {
            [$0[0].pixelFocal((0..<17).map { UInt8($0 % 2) }, gamma: 1)]
        },
    ]
}
