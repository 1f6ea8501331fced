import Tensors

extension Operation { package static let repeatedChannels = Operation("repeatedChannels") }

extension Variable {
    /// Each channel several times in a row, [.., C] -> [.., C times]: what stands before a depthwise convolution with a
    /// channel multiplier. Gradient: the sum of g over a channel's repetitions.
    public func repeatedChannels(_ times: Int) -> Variable {
        require(
            shape.rank >= 1 && times >= 1, Operation.repeatedChannels.name, [shape],
            "there must be an axis of channels and \(times) be at least 1")
        if times == 1 { return self }
        return Self.record(.repeatedChannels, [self], value.repeatedChannels(times)) { g, _ in
            [g.repeatedChannelsGradient(times)]
        }
    }
}

extension GradientCheck {
    static let repeatedChannels: [GradientCheck] = [
        GradientCheck("repeatedChannels", [[2, 3, 5]]) { [$0[0].repeatedChannels(4)] },
        GradientCheck("repeatedChannels/one channel", [[3, 1]]) { [$0[0].repeatedChannels(7)] },
    ]
}
