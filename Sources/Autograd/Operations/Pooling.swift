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

    /// The mean over each map or volume: [N, H, W, C] or [N, D, H, W, C] -> [N, C]. Gradient: g / (H W), or g / (D H W), for
    /// each pixel.
    public func globalAveragePooled() -> Variable {
        if shape.rank == 5 {
            return reshaped([shape[0], shape[1] * shape[2], shape[3], shape[4]]).globalAveragePooled()
        }
        require(
            shape.rank == 4 && shape[1] * shape[2] > 0, Operation.globalAveragePool.name, [shape],
            "the input must be [images, height, width, channels]")
        let input = shape
        return Self.record(.globalAveragePool, [self], value.globalAveragePooled()) { g, _ in
            [g.globalAveragePoolGradient(input: input)]
        }
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
        GradientCheck("globalAveragePool/volumes", [[2, 2, 3, 2, 3]]) { [$0[0].globalAveragePooled()] },
        GradientCheck("globalAveragePool/size 1", [[3, 1, 1, 1]]) { [$0[0].globalAveragePooled()] },
    ]
}
