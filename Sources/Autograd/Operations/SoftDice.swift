import Tensors

extension Operation { package static let softDice = Operation("softDice") }

extension Variable {
    /// The soft Dice loss of rows of logits, x = self [.., K]: the mean over `classes` (all when absent) of
    /// 1 - (2 sum(p t) + e) / (sum(p) + sum(t) + e), p = softmax(x), t the labels and e the smoothing, sums over all rows
    /// that count. Rows of the label `ignored` count for nothing. 0 where nothing counts. Milletari et al., arXiv
    /// 1606.04797.
    ///
    /// Gradient: the quotient's by p, through the softmax.
    public func softDice(
        _ labels: [UInt8], ignored: UInt8 = 255, smoothing: Double = 1, classes: [Int]? = nil
    ) -> Variable {
        let operation = Operation.softDice
        requireLabels(operation, labels, ignored, classes: shape.columns)
        let classes = classes ?? Array(0..<shape.columns)
        require(
            smoothing >= 0 && !classes.isEmpty && Set(classes).count == classes.count
                && classes.allSatisfy { 0..<shape.columns ~= $0 }, operation.name, [shape],
            "the smoothing \(smoothing) must not be negative, and the classes \(classes) some of 0..<\(shape.columns), each once"
        )
        let x = value
        let (loss, slopes) = x.softDice(labels: labels, ignored: ignored, smoothing: smoothing, classes: classes)
        return Self.record(operation, [self], loss) { g, _ in
            [x.softDiceGradient(labels: labels, ignored: ignored, slopes, scale: Double(g.item))]
        }
    }
}

extension GradientCheck {
    static let softDice: [GradientCheck] = [
        GradientCheck("softDice", [[2, 2, 1, 5]]) { [$0[0].softDice([1, 255, 4, 0])] },
        GradientCheck("softDice/some classes", [[17, 3]]) {
            [$0[0].softDice((0..<17).map { UInt8($0 * 5 % 3) }, smoothing: 0.01, classes: [2, 1])]
        },
        GradientCheck("softDice/a class does not occur", [[3, 4]]) { [$0[0].softDice([0, 2, 2], smoothing: 0)] },
        GradientCheck("softDice/nothing counts", [[2, 3]]) { [$0[0].softDice([7, 7], ignored: 7)] },
    ]
}
