import Tensors

extension Operation {
    package static let momentBoxes = Operation("momentBoxes")
    package static let extremeBoxes = Operation("extremeBoxes")
}

extension Variable {
    /// Boxes [R, 4] as left, top, right, bottom around points self [R, 2 n] (y1, x1, y2, ..): along each axis the mean,
    /// less and plus e^t times the unbiased standard deviation, t = `transfer` [2], width first. Yang et al., arXiv
    /// 1904.11490, section 3.2.
    ///
    /// Gradient: that of mean and deviation for the points, 0 for the deviation where all points are one; a hundredth of
    /// the true one for the transfer, which keeps it slow, as the method's authors do.
    public func momentBoxes(_ transfer: Variable) -> Variable {
        let name = Operation.momentBoxes.name
        requirePoints(name, least: 2)
        require(transfer.shape == [2], name, [shape, transfer.shape], "the transfer must be [2]")
        let (points, t) = (value, transfer.value)
        return Self.record(.momentBoxes, [self, transfer], points.momentBoxes(t)) { g, _ in
            let gradients = points.momentBoxesGradient(g, t, factor: 0.01)
            return [gradients.points, gradients.1]
        }
    }

    /// Boxes [R, 4] around points self [R, 2 n] (y1, x1, y2, ..): the smallest and largest coordinates of the first
    /// `count` points, of all when absent; 4 of 9 is the partial min-max conversion. Yang et al., arXiv 1904.11490,
    /// section 3.2.
    ///
    /// Gradient: g to the extreme point of each side, the first where several are equal.
    public func extremeBoxes(first count: Int? = nil) -> Variable {
        let name = Operation.extremeBoxes.name
        requirePoints(name, least: 1)
        let used = count ?? shape[1] / 2
        require(1...shape[1] / 2 ~= used, name, [shape], "there must be \(used) points, at least one")
        let points = value
        return Self.record(.extremeBoxes, [self], points.extremeBoxes(used: used)) { g, _ in
            [points.extremeBoxesGradient(g, used: used)]
        }
    }

    private func requirePoints(_ name: String, least: Int) {
        require(
            shape.rank == 2 && shape[1] % 2 == 0 && shape[1] >= 2 * least, name, [shape],
            "points must be [R, 2 n] with at least \(least)")
    }
}

extension GradientCheck {
    static let momentBoxes: [GradientCheck] = [
        GradientCheck("momentBoxes", [[4, 18]]) { [$0[0].momentBoxes(Variable(Tensor([2], [0.3, -0.2])))] },
        // The transfer's gradient is a hundredth of the slope.
        GradientCheck("momentBoxes/transfer", [[2]]) {
            var random = Random(seed: 1, purpose: "points")
            let points = Variable(Tensor<Double>.normal([3, 6], from: &random))
            let boxes = points.momentBoxes($0[0])
            return [boxes.scaled(by: 100) + points.momentBoxes($0[0].detached).scaled(by: -99)]
        },
        GradientCheck("extremeBoxes", [[3, 18]]) { [$0[0].extremeBoxes()] },
        GradientCheck("extremeBoxes/the first four", [[3, 18]]) { [$0[0].extremeBoxes(first: 4)] },
        GradientCheck("extremeBoxes/one point", [[2, 2]]) { [$0[0].extremeBoxes()] },
    ]
}
