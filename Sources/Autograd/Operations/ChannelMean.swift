import Tensors

extension Operation { package static let channelMean = Operation("channelMean") }

extension Variable {
    /// The mean over the channels of each pixel: [.., C] -> [.., 1]. Gradient: g / C for each channel.
    public func channelMean() -> Variable {
        require(
            shape.rank >= 1 && shape.elementCount > 0, Operation.channelMean.name, [shape],
            "the input must have channels and not be empty")
        let channels = shape.columns
        return Self.record(.channelMean, [self], value.channelMean()) { g, _ in
            [g.channelMeanGradient(channels: channels)]
        }
    }
}

extension GradientCheck {
    static let channelMean: [GradientCheck] = [
        GradientCheck("channelMean", [[2, 3, 2, 5]]) { [$0[0].channelMean()] },
        GradientCheck("channelMean/one channel", [[4, 1]]) { [$0[0].channelMean()] },
        GradientCheck("channelMean/one pixel", [[17]]) { [$0[0].channelMean()] },
    ]
}
