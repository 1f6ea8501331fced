import Tensors

// No kernel: pixels are put into another order, as in `Windows.swift`.

extension Operation { package static let flippedTaps = Operation("flippedTaps") }

extension Variable {
    /// The weight of a convolution with its taps from the last to the first along every axis: [out, .., in] -> the same
    /// shape. Cross-correlation with it is the convolution of mathematics. Gradient: g with its taps put back.
    public func flippedTaps() -> Variable {
        require(
            shape.rank >= 3 && shape.elementCount > 0, Operation.flippedTaps.name, [shape],
            "the weight must be [out, taps.., in] and not empty")
        let (order, channels, shape) = (
            PixelOrder.reversed(shape.dimensions.dropFirst().dropLast().reduce(1, *)), shape.columns, shape
        )
        return Self.record(.flippedTaps, [self], value.reordered(order, channels: channels, shape)) { g, _ in
            [g.reordered(order, channels: channels, shape)]
        }
    }
}

extension GradientCheck {
    static let flippedTaps: [GradientCheck] = [
        GradientCheck("flippedTaps", [[2, 3, 2, 3]]) { [$0[0].flippedTaps()] },
        GradientCheck("flippedTaps/volume", [[2, 2, 3, 1, 2]]) { [$0[0].flippedTaps()] },
        GradientCheck("flippedTaps/one tap", [[2, 1, 3]]) { [$0[0].flippedTaps()] },
    ]
}
