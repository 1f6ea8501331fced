import Tensors

extension Operation { package static let binaryCrossEntropy = Operation("binaryCrossEntropy") }

extension Variable {
    /// The mean over ALL elements, as timm's `BinaryCrossEntropy`, of w (log(1 + e^x) - t x): x = self the logits, t the
    /// targets in 0...1, both [N, K], w a weight for each class [K] or 1. Each class is a yes-or-no question of its own.
    ///
    /// Gradient: g w (sigmoid(x) - t) / (N K).
    public func binaryCrossEntropy(targets: Tensor<S>, classWeights: Tensor<S>? = nil) -> Variable {
        requireLogits("binaryCrossEntropy")
        require(
            targets.shape == shape, "binaryCrossEntropy", [shape, targets.shape],
            "targets must have the logits' shape")
        require(
            classWeights.map { $0.shape == [shape[1]] } ?? true, "binaryCrossEntropy",
            [shape] + (classWeights.map { [$0.shape] } ?? []), "there must be one weight per class")
        let x = value
        return Self.record(.binaryCrossEntropy, [self], x.binaryCrossEntropy(targets: targets, weights: classWeights)) {
            g, _ in
            [
                x.binaryCrossEntropyGradient(
                    targets: targets, weights: classWeights, scale: g.item / S(x.elementCount))
            ]
        }
    }
}

extension GradientCheck {
    static let binaryCrossEntropy: [GradientCheck] = [
        GradientCheck("binaryCrossEntropy", [[2, 3]]) {
            [$0[0].binaryCrossEntropy(targets: Tensor([2, 3], [0.2, 1, 0, 0, 0.95, 0.1]))]
        },
        GradientCheck("binaryCrossEntropy/class weights", [[3, 17]]) {
            let targets = (0..<51).map { Double($0 % 5) / 4 }
            return [
                $0[0].binaryCrossEntropy(
                    targets: Tensor([3, 17], targets),
                    classWeights: Tensor([17], (0..<17).map { 0.25 + Double($0) / 8 }))
            ]
        },
        GradientCheck("binaryCrossEntropy/size 1", [[1, 1]]) {
            [$0[0].binaryCrossEntropy(targets: Tensor([1, 1], [0.3]))]
        },
    ]
}
