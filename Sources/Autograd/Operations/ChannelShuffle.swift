import Tensors

// No kernel: the channels are two axes that change places, as in `Transpose.swift`.

extension Operation { package static let channelShuffle = Operation("channelShuffle") }

extension Variable {
    /// The channels of the groups dealt out in turn: channel k groups + j of the result is channel k of group j; shapes
    /// [.., C] stay. After it every group of a following grouped convolution has channels of all groups before it. Zhang
    /// et al., arXiv 1707.01083. Gradient: the channels of g put back.
    public func channelsShuffled(groups: Int) -> Variable {
        require(
            shape.rank >= 1 && groups >= 1 && shape.columns % groups == 0, Operation.channelShuffle.name, [shape],
            "the \(groups) groups must divide the channels")
        let (width, shape) = (shape.columns / groups, shape)
        func shuffled(_ x: Tensor<S>, _ groups: Int, _ width: Int) -> Tensor<S> {
            x.reshaped([shape.rows, groups, width]).transposed([0, 2, 1]).reshaped(shape)
        }
        return Self.record(.channelShuffle, [self], shuffled(value, groups, width)) { g, _ in
            [shuffled(g, width, groups)]
        }
    }
}

extension GradientCheck {
    static let channelShuffle: [GradientCheck] = [
        GradientCheck("channelShuffle", [[2, 3, 1, 6]]) { [$0[0].channelsShuffled(groups: 2)] },
        GradientCheck("channelShuffle/12 channels, 4 groups", [[3, 12]]) { [$0[0].channelsShuffled(groups: 4)] },
        GradientCheck("channelShuffle/one group", [[2, 5]]) { [$0[0].channelsShuffled(groups: 1)] },
    ]
}
