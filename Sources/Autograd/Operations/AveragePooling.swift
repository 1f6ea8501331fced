import Tensors

extension Operation { package static let averagePool = Operation("averagePool") }

extension Variable {
    /// The mean under each window: [N, H, W, C] -> [N, H', W', C], sizes rounded down.
    ///
    /// Gradient: g shared evenly among the elements under the window.
    ///
    /// - Parameter countsPadding: whether the zeros around the map count as elements, as PyTorch has it unless told
    ///   otherwise.
    public func averagePooled(
        kernel: Pair, stride: Pair, padding: Pair = 0, countsPadding: Bool = true
    ) -> Variable {
        let window = Window(kernel: kernel, stride: stride, padding: padding)
        window.check(Operation.averagePool.name, on: shape)
        let size = window.outputSize(Pair(shape[1], shape[2]))
        let volumes = reshaped([shape[0], 1, shape[1], shape[2], shape[3]])
        return volumes.volumeAveragePooled(
            kernel: Triple(1, kernel.height, kernel.width), stride: Triple(1, stride.height, stride.width),
            padding: Triple(0, padding.height, padding.width), countsPadding: countsPadding
        ).reshaped([shape[0], size.height, size.width, shape[3]])
    }

    /// The same of volumes: [N, D, H, W, C] -> [N, D', H', W', C].
    public func volumeAveragePooled(
        kernel: Triple, stride: Triple, padding: Triple = 0, countsPadding: Bool = true
    ) -> Variable {
        let window = VolumeWindow(kernel: kernel, stride: stride, padding: padding)
        window.check(Operation.averagePool.name, on: shape)
        require(
            zip(padding.numbers, kernel.numbers).allSatisfy { 2 * $0 <= $1 }, Operation.averagePool.name, [shape],
            "padding \(padding) must be at most half the kernel \(kernel)")
        let input = shape
        return Self.record(.averagePool, [self], value.averagePooled(window, countsPadding: countsPadding)) { g, _ in
            [g.averagePoolGradient(window, countsPadding: countsPadding, input: input)]
        }
    }
}

extension GradientCheck {
    static let averagePooling: [GradientCheck] = [
        GradientCheck("averagePool", [[2, 4, 6, 3]]) { [$0[0].averagePooled(kernel: 2, stride: 2)] },
        GradientCheck("averagePool/overlapping, padded", [[1, 7, 6, 2]]) {
            [$0[0].averagePooled(kernel: 3, stride: 2, padding: 1)]
        },
        GradientCheck("averagePool/padding does not count", [[1, 5, 4, 2]]) {
            [$0[0].averagePooled(kernel: Pair(3, 2), stride: Pair(1, 2), padding: 1, countsPadding: false)]
        },
        GradientCheck("averagePool/volumes", [[2, 3, 4, 5, 2]]) {
            [$0[0].volumeAveragePooled(kernel: Triple(3, 2, 2), stride: Triple(1, 2, 3), padding: Triple(1, 0, 1))]
        },
    ]
}
