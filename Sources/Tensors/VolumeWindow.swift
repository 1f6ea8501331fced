import CKernels

/// How the taps of a convolution or pooling meet the volume they slide over: a `Window` with a third axis.
public struct VolumeWindow: Sendable, Hashable {
    /// The size of the window.
    public let kernel: Triple
    /// How far the window moves.
    public let stride: Triple
    /// Zeros on either side of the volume.
    public let padding: Triple
    /// The distance of neighbouring taps.
    public let dilation: Triple

    /// A window over volumes.
    public init(kernel: Triple, stride: Triple = 1, padding: Triple = 0, dilation: Triple = 1) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
    }

    /// A window over maps, which are volumes of one slice.
    init(_ window: Window) {
        self.init(
            kernel: Triple(1, window.kernel.height, window.kernel.width),
            stride: Triple(1, window.stride.height, window.stride.width),
            padding: Triple(0, window.padding.height, window.padding.width),
            dilation: Triple(1, window.dilation.height, window.dilation.width))
    }

    /// The size of the result on a volume of that size, rounded down; below 1 when the window does not fit.
    public func outputSize(_ volume: Triple) -> Triple {
        let plane = plane.outputSize(volume.plane)
        let depth = Window(
            kernel: Pair(kernel.depth, 1), stride: Pair(stride.depth, 1), padding: Pair(padding.depth, 0),
            dilation: Pair(dilation.depth, 1)
        ).outputSize(Pair(volume.depth, 1)).height
        return Triple(depth, plane.height, plane.width)
    }

    /// Whether each input meets one tap of one output at most.
    package var isDisjoint: Bool { kernel == stride && padding == 0 && dilation == 1 }

    /// Whether the window is the single element it stands on.
    package var isPoint: Bool { isDisjoint && kernel == 1 }

    /// Whether each slice of the result is made of the slice of its own number alone.
    package var isFlat: Bool { kernel.depth == 1 && stride.depth == 1 && padding.depth == 0 }

    /// What the window is within a slice.
    package var plane: Window {
        Window(kernel: kernel.plane, stride: stride.plane, padding: padding.plane, dilation: dilation.plane)
    }

    /// Stops unless all sizes make sense and the window fits into the volume at least once.
    public func check(_ operation: String, on shape: Shape) {
        require(
            shape.rank == 5 && [kernel, stride, dilation].allSatisfy { $0.numbers.allSatisfy { $0 >= 1 } }
                && padding.numbers.allSatisfy { $0 >= 0 }, operation, [shape],
            "the input must be [volumes, depth, height, width, channels], kernel \(kernel), stride \(stride) and dilation \(dilation) positive, padding \(padding) not negative"
        )
        let size = outputSize(Triple(shape[1], shape[2], shape[3]))
        require(
            size.numbers.allSatisfy { $0 >= 1 }, operation, [shape],
            "a \(kernel) kernel with padding \(padding) and dilation \(dilation) does not fit into the volume")
    }

    /// The description that C kernels take, for an input [volumes, depth, height, width, channels].
    func geometry(on shape: Shape) -> hb_window {
        let output = outputSize(Triple(shape[1], shape[2], shape[3]))
        return hb_window(
            depth: shape[1], height: shape[2], width: shape[3], channels: shape[4], out_depth: output.depth,
            out_height: output.height, out_width: output.width, kernel_depth: kernel.depth,
            kernel_height: kernel.height, kernel_width: kernel.width, stride_depth: stride.depth,
            stride_height: stride.height, stride_width: stride.width, padding_depth: padding.depth,
            padding_height: padding.height, padding_width: padding.width, dilation_depth: dilation.depth,
            dilation_height: dilation.height, dilation_width: dilation.width)
    }
}

extension Tensor {
    /// [volumes, depth, height, width, channels] after the window, with that many channels.
    func windowed(_ window: VolumeWindow, channels: Int) -> Shape {
        let size = window.outputSize(Triple(shape[1], shape[2], shape[3]))
        return [shape[0], size.depth, size.height, size.width, channels]
    }

    /// Maps [N, H, W, C] as volumes of one slice, and a weight of maps as one of volumes.
    var asVolumes: Tensor { reshaped([shape[0], 1, shape[1], shape[2], shape[3]]) }

    /// The slices of volumes as maps [N D, H, W, C].
    var slices: Tensor { reshaped([shape[0] * shape[1], shape[2], shape[3], shape[4]]) }
}
