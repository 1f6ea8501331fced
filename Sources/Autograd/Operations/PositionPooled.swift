import Tensors

extension Operation { package static let positionPooled = Operation("positionPooled") }

extension Variable {
    /// The sum over an image's positions of weight times channels: x = self [N, .., C], weights of the P positions [N, P]
    /// -> [N, C]. The context of GcNet, Cao et al., arXiv 1904.11492, equation 4.
    ///
    /// Gradient: the weight times g for x; for the weights the product of g with the position's channels.
    public func positionPooled(_ weights: Variable) -> Variable {
        require(
            shape.rank >= 2 && shape.elementCount > 0 && weights.shape == [shape[0], shape.rows / shape[0]],
            Operation.positionPooled.name, [shape, weights.shape],
            "self must be [N, .., C] and not empty, and weights one for each position, [N, P]")
        let (x, w) = (value, weights.value)
        return Self.record(.positionPooled, [self, weights], x.positionPooled(w)) { g, needs in
            [
                needs[0] ? g.positionPooledGradient(weights: w, input: x.shape) : nil,
                needs[1] ? g.positionWeightGradient(x, weights: w.shape) : nil,
            ]
        }
    }
}

extension GradientCheck {
    static let positionPooled: [GradientCheck] = [
        GradientCheck("positionPooled", [[2, 3, 2, 5], [2, 6]]) { [$0[0].positionPooled($0[1])] },
        GradientCheck("positionPooled/one position", [[3, 4], [3, 1]]) { [$0[0].positionPooled($0[1])] },
        GradientCheck("positionPooled/one channel, one image", [[1, 7, 1], [1, 7]]) { [$0[0].positionPooled($0[1])] },
    ]
}
