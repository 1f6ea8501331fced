import Tensors

// No kernel: the loops are those of `Pooling.swift`.

extension Operation { package static let volumeMaxPool = Operation("volumeMaxPool") }

extension Variable {
    /// The largest element under each window: [N, D, H, W, C] -> [N, D', H', W', C], sizes rounded down; padding counts as
    /// minus infinity.
    ///
    /// Gradient: g goes to the largest element, the first of equal ones.
    public func volumeMaxPooled(kernel: Triple, stride: Triple, padding: Triple = 0) -> Variable {
        let window = VolumeWindow(kernel: kernel, stride: stride, padding: padding)
        let name = Operation.volumeMaxPool.name
        window.check(name, on: shape)
        require(
            zip(padding.numbers, kernel.numbers).allSatisfy { 2 * $0 <= $1 }
                && kernel.depth * kernel.height * kernel.width <= 65_535, name, [shape],
            "padding \(padding) must be at most half the kernel \(kernel), and the kernel at most 65535 elements")
        let input = shape
        let (pooled, taps) = value.maxPooled(window)
        return Self.record(.volumeMaxPool, [self], pooled) { g, _ in
            [g.maxPoolGradient(taps, window, input: input)]
        }
    }
}

extension GradientCheck {
    /// Elements at least 0.01 apart, so that no small step changes which is the largest.
    private static func pool(
        _ name: String, _ input: Shape, _ kernel: Triple, _ stride: Triple, _ padding: Triple = 0
    ) -> GradientCheck {
        GradientCheck(
            "volumeMaxPool" + name,
            inputs: { random in
                [Tensor(input, random.permutation(input.elementCount).map { Double($0) * 0.03 - 1 })]
            }, function: { [$0[0].volumeMaxPooled(kernel: kernel, stride: stride, padding: padding)] })
    }

    static let volumePooling: [GradientCheck] = [
        pool("", [2, 4, 2, 6, 2], 2, 2),
        pool("/overlapping, padded", [1, 4, 5, 3, 2], 3, 2, 1),
        pool("/one slice", [2, 1, 4, 4, 2], Triple(1, 2, 2), Triple(1, 2, 2)),
        pool("/uneven", [1, 5, 4, 3, 1], Triple(2, 1, 3), Triple(2, 1, 1), Triple(1, 0, 1)),
    ]
}
