import Tensors

extension Operation {
    package static let crossEntropy = Operation("crossEntropy")
    package static let softCrossEntropy = Operation("softCrossEntropy")
}

extension Variable {
    /// The mean over the batch of sum(t (-log softmax(x))), x = self the logits [N, K], t the labels [N] in 0..<K with
    /// `smoothing / K` everywhere and `1 - smoothing` more at the label, as PyTorch smooths. Szegedy et al., arXiv
    /// 1512.00567. 0 for an empty batch.
    ///
    /// Gradient: g (softmax(x) - t) / N.
    public func crossEntropy(labels: [Int32], smoothing: Double = 0) -> Variable {
        requireLogits("crossEntropy")
        require(
            labels.count == shape[0], "crossEntropy", [shape],
            "there must be one label per row of the logits, not \(labels.count)")
        require(
            smoothing >= 0 && smoothing <= 1, "crossEntropy", [shape], "the smoothing \(smoothing) must lie in 0...1")
        if let wrong = labels.first(where: { $0 < 0 || Int($0) >= shape[1] }) {
            brokenRule("crossEntropy", [shape], "the label \(wrong) must lie in 0..<\(shape[1])")
        }
        let x = value
        let (loss, logSums) = x.crossEntropy(labels: labels, smoothing: smoothing)
        return Self.record(.crossEntropy, [self], loss) { g, _ in
            [
                x.crossEntropyGradient(
                    labels: labels, smoothing: smoothing, logSums: logSums, scale: g.item / S(max(1, labels.count)))
            ]
        }
    }

    /// The mean over the batch of sum(t (-log softmax(x))), x = self the logits and t the targets, both [N, K]; targets
    /// need not sum to 1 and get no gradient. 0 for an empty batch.
    ///
    /// Gradient: g (softmax(x) sum(t) - t) / N.
    public func crossEntropy(targets: Tensor<S>) -> Variable {
        requireLogits("softCrossEntropy")
        require(
            targets.shape == shape, "softCrossEntropy", [shape, targets.shape], "targets must have the logits' shape")
        let x = value
        let (loss, logSums) = x.crossEntropy(targets: targets)
        return Self.record(.softCrossEntropy, [self], loss) { g, _ in
            [x.crossEntropyGradient(targets: targets, logSums: logSums, scale: g.item / S(max(1, x.shape[0])))]
        }
    }

    func requireLogits(_ operation: String) {
        require(
            shape.rank == 2 && shape[1] > 0, operation, [shape], "logits must be [N, K] with at least one class")
    }
}

extension GradientCheck {
    static let crossEntropy: [GradientCheck] = [
        GradientCheck("crossEntropy", [[3, 5]]) { [$0[0].crossEntropy(labels: [1, 0, 4])] },
        GradientCheck("crossEntropy/smoothed", [[4, 17]]) {
            [$0[0].crossEntropy(labels: [1, 0, 16, 7], smoothing: 0.1)]
        },
        GradientCheck("crossEntropy/size 1", [[1, 1]]) { [$0[0].crossEntropy(labels: [0], smoothing: 0.1)] },
        GradientCheck("softCrossEntropy", [[2, 3]]) {
            [$0[0].crossEntropy(targets: Tensor([2, 3], [0.2, 0.5, 0.3, 0, 1.5, 0.1]))]
        },
    ]
}
