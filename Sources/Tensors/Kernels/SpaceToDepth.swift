// The loops are those of `Windows.swift` and `Transpose.swift`: nothing but pixels is moved.

/// How the channels of a cell of pixels stand beside each other once they are one pixel.
public enum ChannelOrder: Sendable, Hashable, CaseIterable {
    /// All channels of one pixel of the cell after those of another, pixels column by column: (0, 0), (1, 0), (0, 1),
    /// (1, 1) for a factor of 2. The order of Swin's patch merging.
    case positionMajor
    /// All pixels of the cell, row by row, of one channel after those of another, as PyTorch's `pixel_unshuffle`.
    case channelMajor
}

extension Tensor {
    /// [N, H, W, C] -> [N, H / f, W / f, f f C].
    package func spaceToDepth(_ factor: Int, _ order: ChannelOrder) -> Tensor {
        let (height, width, channels) = (shape[1] / factor, shape[2] / factor, shape[3])
        let output: Shape = [shape[0], height, width, factor * factor * channels]
        switch order {
        case .positionMajor:
            let cells = PixelOrder.cells(factor, height: shape[1], width: shape[2])
            return reordered(cells, channels: channels, output)
        case .channelMajor:
            return reshaped([shape[0], height, factor, width, factor, channels]).transposed([0, 1, 3, 5, 2, 4])
                .reshaped(output)
        }
    }

    /// [N, H, W, f f C] -> [N, H f, W f, C], the inverse.
    package func depthToSpace(_ factor: Int, _ order: ChannelOrder) -> Tensor {
        let (height, width, channels) = (shape[1], shape[2], shape[3] / (factor * factor))
        let output: Shape = [shape[0], height * factor, width * factor, channels]
        switch order {
        case .positionMajor:
            let cells = PixelOrder.cells(factor, height: output[1], width: output[2])
            return reordered(cells.inverse, channels: channels, output)
        case .channelMajor:
            return reshaped([shape[0], height, width, channels, factor, factor]).transposed([0, 1, 4, 2, 5, 3])
                .reshaped(output)
        }
    }
}
