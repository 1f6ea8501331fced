import Tensors

extension Operation { package static let windowWeighted = Operation("windowWeighted") }

extension Variable {
    /// Each pixel times the weight that its window of s x s pixels has for it, the same for all channels: x = self
    /// [N, H, W, C], weights [N (H / s) (W / s), s s] in the order of `windows`. The weighting of SegNetr, arXiv
    /// 2307.02953.
    ///
    /// Gradient: g times the weight for x, the sum over the channels of g x for the weights.
    public func windowWeighted(by weights: Variable, _ size: Int) -> Variable {
        requireWindows(.windowWeighted, Pair(size), shape)
        require(
            weights.shape == [shape.rows / (size * size), size * size], Operation.windowWeighted.name,
            [shape, weights.shape], "the weights must be [windows, \(size * size)]")
        let (x, w) = (value, weights.value)
        return Self.record(.windowWeighted, [self, weights], x.windowWeighted(by: w, size)) { g, needs in
            [
                needs[0] ? g.windowWeighted(by: w, size) : nil,
                needs[1] ? g.windowWeightGradient(x, size) : nil,
            ]
        }
    }
}

extension GradientCheck {
    static let windowWeighting: [GradientCheck] = [
        GradientCheck("windowWeighted", [[2, 4, 6, 3], [12, 4]]) { [$0[0].windowWeighted(by: $0[1], 2)] },
        GradientCheck("windowWeighted/single pixels", [[1, 2, 3, 2], [6, 1]]) {
            [$0[0].windowWeighted(by: $0[1], 1)]
        },
        GradientCheck("windowWeighted/one window, one channel", [[1, 3, 3, 1], [1, 9]]) {
            [$0[0].windowWeighted(by: $0[1], 3)]
        },
    ]
}
