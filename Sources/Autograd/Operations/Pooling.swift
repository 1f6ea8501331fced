import Tensors

extension Operation {
    package static let maxPool = Operation("maxPool")
    package static let globalAveragePool = Operation("globalAveragePool")
}

extension Variable {
    /// The largest element under each window: [N, H, W, C] -> [N, H', W', C], sizes rounded down; padding counts as minus
    /// infinity.
    ///
    /// Gradient: g goes to the largest element, the first of equal ones.
    public func maxPooled(kernel: Int, stride: Int, padding: Int = 0) -> Variable {
        let window = Window(kernel: Pair(kernel), stride: Pair(stride), padding: Pair(padding))
        window.check(Operation.maxPool.name, on: shape)
        require(
            padding <= kernel / 2 && kernel <= 255, Operation.maxPool.name, [shape],
            "padding \(padding) must be at most half the kernel \(kernel), and the kernel at most 255")
        let input = shape
        let (pooled, taps) = value.maxPooled(window)
        return Self.record(.maxPool, [self], pooled) { g, _ in [g.maxPoolGradient(taps, window, input: input)] }
    }

    /// The mean over each map: [N, H, W, C] -> [N, C]. Gradient: g / (H W) for each pixel.
    public func globalAveragePooled() -> Variable {
        require(
            shape.rank == 4 && shape[1] * shape[2] > 0, Operation.globalAveragePool.name, [shape],
            "the input must be [images, height, width, channels]")
        let input = shape
        return Self.record(.globalAveragePool, [self], value.globalAveragePooled()) { g, _ in
            [g.globalAveragePoolGradient(input: input)]
        }
    }

    /// [N, H, W, C] -> [N, h, w, C] with every output the mean of the rows floor(i H / h) ..< ceil((i + 1) H / h) and
    /// columns alike, as PyTorch's adaptive average pooling; made of other operations. Gradient: g spread evenly over
    /// what was averaged.
    public func averagePooled(to size: Pair) -> Variable {
        require(
            shape.rank == 4 && size.height > 0 && size.width > 0, "averagePooled", [shape],
            "the input must be [images, height, width, channels] and the size \(size) positive")
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        if height == size.height && width == size.width { return self }
        if height % size.height == 0 && width % size.width == 0 {
            let ratio = Pair(height / size.height, width / size.width)
            let weight = Tensor<S>(
                [channels, ratio.height, ratio.width, 1], repeating: 1 / S(ratio.height * ratio.width))
            return convolution(Variable(weight), nil, stride: ratio, groups: channels)
        }
        // One axis after the other, each as a product with a matrix of shares.
        return transposed([0, 2, 3, 1]).linear(Variable(Self.averagingMatrix(height, size.height)))
            .transposed([0, 3, 2, 1]).linear(Variable(Self.averagingMatrix(width, size.width)))
            .transposed([0, 1, 3, 2])
    }

    private static func averagingMatrix(_ input: Int, _ output: Int) -> Tensor<S> {
        var values = [S](repeating: 0, count: output * input)
        for i in 0..<output {
            let range = i * input / output..<((i + 1) * input + output - 1) / output
            for j in range { values[i * input + j] = 1 / S(range.count) }
        }
        return Tensor([output, input], values)
    }
}

extension GradientCheck {
    /// Elements at least 0.01 apart, so that no small step changes which is the largest.
    private static func maxPool(_ name: String, _ input: Shape, _ kernel: Int, _ stride: Int, _ padding: Int = 0)
        -> GradientCheck
    {
        GradientCheck(
            "maxPool" + name,
            inputs: { random in
                [Tensor(input, random.permutation(input.elementCount).map { Double($0) * 0.03 - 1 })]
            }, function: { [$0[0].maxPooled(kernel: kernel, stride: stride, padding: padding)] })
    }

    static let pooling: [GradientCheck] = [
        maxPool("", [2, 4, 6, 3], 2, 2),
        maxPool("/overlapping, padded", [2, 5, 4, 2], 3, 2, 1),
        maxPool("/pixels left over", [1, 5, 7, 1], 2, 3),
        maxPool("/size 1", [1, 1, 1, 1], 1, 1),
        GradientCheck("globalAveragePool", [[2, 3, 4, 5]]) { [$0[0].globalAveragePooled()] },
        GradientCheck("globalAveragePool/size 1", [[3, 1, 1, 1]]) { [$0[0].globalAveragePooled()] },
        GradientCheck("averagePooling", [[2, 6, 4, 3]]) { [$0[0].averagePooled(to: Pair(3, 2))] },
        GradientCheck("averagePooling/uneven", [[2, 5, 7, 3]]) { [$0[0].averagePooled(to: Pair(3, 2))] },
    ]
}
