import Tensors

extension Operation { package static let pixelCrossEntropy = Operation("pixelCrossEntropy") }

extension Variable {
    /// The mean over the rows that count of sum(t w (-log softmax(x))), x = self the logits [.., K], one label for each
    /// row, t with `smoothing / K` everywhere and `1 - smoothing` more at the label, w the weights of the classes; the
    /// mean is over the labels' weights, as PyTorch's `cross_entropy` has it. Rows of the label `ignored` count for
    /// nothing. 0 where nothing counts.
    ///
    /// Gradient: g (sum(t w) softmax(x) - t w) over the sum of the weights for rows that count, 0 for others. Only
    /// log(sum(e^x)) of each row is kept for it.
    ///
    /// - Parameter classWeights: one for each class, or none.
    public func pixelCrossEntropy(
        _ labels: [UInt8], ignored: UInt8 = 255, classWeights: [Double] = [], smoothing: Double = 0
    ) -> Variable {
        require(
            smoothing >= 0 && smoothing <= 1, Operation.pixelCrossEntropy.name, [shape],
            "the smoothing \(smoothing) must lie in 0...1")
        return pixelLoss(
            .pixelCrossEntropy, labels, PixelRule(ignored: ignored, smoothing: smoothing), classWeights)
    }

    /// The operation of that name for rows of logits under a rule.
    func pixelLoss(
        _ operation: Operation, _ labels: [UInt8], _ rule: PixelRule, _ classWeights: [Double]
    ) -> Variable {
        let weights = checkedWeights(operation, labels, rule.ignored, classWeights)
        let x = value
        let (loss, logSums, weight) = x.pixelCrossEntropy(labels: labels, rule, weights: weights)
        return Self.record(operation, [self], loss) { g, _ in
            [
                x.pixelCrossEntropyGradient(
                    labels: labels, rule, weights: weights, logSums: logSums,
                    scale: weight > 0 ? Double(g.item) / weight : 0)
            ]
        }
    }

    /// Stops unless labels and class weights fit the logits; the weights as a tensor.
    func checkedWeights(
        _ operation: Operation, _ labels: [UInt8], _ ignored: UInt8, _ classWeights: [Double]
    ) -> Tensor<S>? {
        requireLabels(operation, labels, ignored, classes: shape.columns)
        require(
            classWeights.isEmpty || (classWeights.count == shape.columns && classWeights.allSatisfy { $0 >= 0 }),
            operation.name, [shape], "the class weights \(classWeights) must be one for each class, not negative")
        return classWeights.isEmpty ? nil : Tensor([shape.columns], classWeights.map { S($0) })
    }

    func requireLabels(_ operation: Operation, _ labels: [UInt8], _ ignored: UInt8, classes: Int) {
        require(
            shape.rank >= 1 && shape.elementCount > 0 && shape.columns <= 256, operation.name, [shape],
            "logits must be [.., classes] with 256 classes at most, and not empty")
        require(
            labels.count == shape.rows, operation.name, [shape],
            "there must be one label per row of the logits, not \(labels.count)")
        if let wrong = labels.first(where: { Int($0) >= classes && $0 != ignored }) {
            brokenRule(operation.name, [shape], "the label \(wrong) must lie in 0..<\(classes) or be \(ignored)")
        }
    }
}

extension GradientCheck {
    static let pixelCrossEntropy: [GradientCheck] = [
        GradientCheck("pixelCrossEntropy", [[2, 2, 1, 5]]) { [$0[0].pixelCrossEntropy([1, 255, 4, 0])] },
        GradientCheck("pixelCrossEntropy/weighted and smoothed", [[5, 3]]) {
            [$0[0].pixelCrossEntropy([1, 0, 2, 9, 1], ignored: 9, classWeights: [0.3, 2, 0], smoothing: 0.1)]
        },
        GradientCheck("pixelCrossEntropy/a class is ignored", [[4, 3]]) {
            [$0[0].pixelCrossEntropy([0, 2, 0, 1], ignored: 0)]
        },
        GradientCheck("pixelCrossEntropy/many rows", [[35, 4]]) {
            [$0[0].pixelCrossEntropy((0..<35).map { UInt8($0 * 7 % 4) }, smoothing: 0.2)]
        },
        GradientCheck("pixelCrossEntropy/nothing counts", [[2, 3]]) { [$0[0].pixelCrossEntropy([255, 255])] },
        GradientCheck("pixelCrossEntropy/size 1", [[1, 1]]) { [$0[0].pixelCrossEntropy([0])] },
    ]
}
