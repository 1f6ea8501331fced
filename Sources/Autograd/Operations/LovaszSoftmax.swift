import Tensors

extension Operation { package static let lovaszSoftmax = Operation("lovaszSoftmax") }

extension Variable {
    /// The Lovász-Softmax loss of rows of logits, x = self [.., K]: the mean over the classes that occur of the Lovász
    /// extension of their Jaccard losses, the errors |t - p| in falling order (equal ones as they come) times the steps of
    /// the Jaccard loss, p = softmax(x), over all rows that count. Rows of the label `ignored` count for nothing. 0 where
    /// nothing counts. Berman et al., arXiv 1705.08790, equations 8 and 9.
    ///
    /// Gradient: the steps, negative for rows of the class, through the softmax; the order is constant.
    public func lovaszSoftmax(_ labels: [UInt8], ignored: UInt8 = 255) -> Variable {
        requireLabels(.lovaszSoftmax, labels, ignored, classes: shape.columns)
        let p = value.softmax()
        let (loss, slopes) = p.lovaszLoss(labels: labels, ignored: ignored)
        return Self.record(.lovaszSoftmax, [self], loss) { g, _ in [p.softmaxGradient(slopes).scaled(by: g.item)] }
    }
}

extension GradientCheck {
    /// Two classes whose errors keep away from each other, so that no small step changes their order.
    private static func apart(_ count: Int) -> @Sendable (inout Random) -> [Tensor<Double>] {
        { random in
            [Tensor([count, 2], random.permutation(count).flatMap { [Double($0) * 0.3 - 1.07, 0] })]
        }
    }

    static let lovaszSoftmax: [GradientCheck] = [
        GradientCheck(
            "lovaszSoftmax", inputs: apart(9), function: { [$0[0].lovaszSoftmax([0, 1, 0, 255, 1, 1, 0, 1, 0])] }),
        GradientCheck(
            "lovaszSoftmax/one class occurs", inputs: apart(4), function: { [$0[0].lovaszSoftmax([1, 1, 1, 1])] }),
        GradientCheck("lovaszSoftmax/three classes", [[4, 3]]) { [$0[0].lovaszSoftmax([2, 0, 2, 1])] },
        GradientCheck("lovaszSoftmax/nothing counts", [[2, 3]]) { [$0[0].lovaszSoftmax([255, 255])] },
    ]
}
