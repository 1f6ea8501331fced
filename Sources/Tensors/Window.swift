import CKernels

/// How the taps of a convolution or pooling meet the map they slide over.
public struct Window: Sendable, Hashable {
    /// The size of the window.
    public let kernel: Pair
    /// How far the window moves.
    public let stride: Pair
    /// Zeros on either side of the map.
    public let padding: Pair
    /// The distance of neighbouring taps.
    public let dilation: Pair

    /// A window over maps.
    public init(kernel: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
    }

    /// The size of the result on a map of that size, rounded down; below 1 when the window does not fit.
    public func outputSize(_ map: Pair) -> Pair {
        func size(_ extent: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
            let room = extent + 2 * padding - dilation * (kernel - 1) - 1
            return room < 0 ? 0 : room / stride + 1
        }
        return Pair(
            size(map.height, kernel.height, stride.height, padding.height, dilation.height),
            size(map.width, kernel.width, stride.width, padding.width, dilation.width))
    }

    /// Whether each input meets one tap of one output at most.
    public var isDisjoint: Bool { kernel == stride && padding == 0 && dilation == 1 }

    /// Whether the window is the single element it stands on.
    public var isPoint: Bool { isDisjoint && kernel == 1 }

    /// Stops unless all sizes make sense and the window fits into the map at least once.
    public func check(_ operation: String, on shape: Shape) {
        let pairs = [kernel, stride, dilation]
        require(
            shape.rank == 4 && pairs.allSatisfy { $0.height >= 1 && $0.width >= 1 } && padding.height >= 0
                && padding.width >= 0, operation, [shape],
            "the input must be [images, height, width, channels], kernel \(kernel), stride \(stride) and dilation \(dilation) positive, padding \(padding) not negative"
        )
        let size = outputSize(Pair(shape[1], shape[2]))
        require(
            size.height >= 1 && size.width >= 1, operation, [shape],
            "a \(kernel) kernel with padding \(padding) and dilation \(dilation) does not fit into the map")
    }

    /// The description that C kernels take, for an input [images, height, width, channels].
    func geometry(on shape: Shape) -> hb_window {
        VolumeWindow(self).geometry(on: [shape[0], 1, shape[1], shape[2], shape[3]])
    }
}

extension Tensor {
    /// [images, height, width, channels] after the window, with that many channels.
    func windowed(_ window: Window, channels: Int) -> Shape {
        let size = window.outputSize(Pair(shape[1], shape[2]))
        return [shape[0], size.height, size.width, channels]
    }
}
