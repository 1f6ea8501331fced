import Tensors

extension Operation { package static let adaptivePool = Operation("adaptivePool") }

extension Variable {
    /// [N, H, W, C] -> [N, h, w, C] with every output the mean of the rows floor(i H / h) ..< ceil((i + 1) H / h) and
    /// columns alike, as PyTorch's adaptive average pooling; the ranges overlap where h does not divide H. Gradient: g
    /// spread evenly over what was averaged.
    public func averagePooled(to size: Pair) -> Variable {
        require(
            shape.rank == 4 && shape.elementCount > 0 && size.height > 0 && size.width > 0,
            Operation.adaptivePool.name, [shape],
            "the input must be [images, height, width, channels] and not empty, and the size \(size) positive")
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        if height == size.height && width == size.width { return self }
        if height % size.height == 0 && width % size.width == 0 {
            // Ranges that do not overlap are a convolution.
            let ratio = Pair(height / size.height, width / size.width)
            let weight = Tensor<S>(
                [channels, ratio.height, ratio.width, 1], repeating: 1 / S(ratio.height * ratio.width))
            return convolution(Variable(weight), nil, stride: ratio, groups: channels)
        }
        let input = shape
        return Self.record(.adaptivePool, [self], value.averagedBins(size)) { g, _ in
            [g.averagedBinsGradient(input: input)]
        }
    }
}

extension GradientCheck {
    static let adaptivePooling: [GradientCheck] = [
        GradientCheck("adaptivePool/even", [[2, 6, 4, 3]]) { [$0[0].averagePooled(to: Pair(3, 2))] },
        GradientCheck("adaptivePool", [[2, 5, 7, 3]]) { [$0[0].averagePooled(to: Pair(3, 2))] },
        GradientCheck("adaptivePool/enlarged", [[1, 2, 3, 2]]) { [$0[0].averagePooled(to: Pair(3, 5))] },
        GradientCheck("adaptivePool/one axis uneven", [[1, 5, 4, 1]]) { [$0[0].averagePooled(to: Pair(5, 3))] },
    ]
}
