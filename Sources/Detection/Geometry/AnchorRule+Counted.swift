import Datasets
import Tensors

extension AnchorRule {
    /// Which anchors of an image take part in training, in the order of `boxes(maps:input:)`; nil where all do.
    ///
    /// By mmdetection's rules those do not whose place lies beyond the image's own padded size, where a larger image made the
    /// maps of the batch larger, nor those that reach further than `border` pixels beyond the image. By torchvision's all do.
    /// - Parameters:
    ///   - maps: heights and widths from fine to coarse.
    ///   - size: height and width of the image in the input, without padding.
    ///   - multiple: an image's own padded size is its size rounded up to a multiple of this.
    ///   - border: how many pixels an anchor may reach beyond the image; below 0 as far as it likes.
    public func counted(maps: [Pair], size: Pair, multiple: Int = 32, border: Double = -1) -> [Bool]? {
        guard style == .mmdetection else { return nil }
        let valid = validPlaces(maps: maps, size: size, multiple: multiple)
        if border < 0, valid == maps { return nil }
        var counted: [Bool] = []
        let (height, width) = (Double(size.height) + border, Double(size.width) + border)
        for (level, map) in maps.enumerated() {
            let (cells, step) = (cells(level: level), Double(strides[level]))
            for row in 0..<map.height {
                for column in 0..<map.width {
                    let isInside = row < valid[level].height && column < valid[level].width
                    let (x, y) = (Double(column) * step, Double(row) * step)
                    for cell in cells {
                        counted.append(
                            isInside
                                && (border < 0
                                    || cell.left + x >= -border && cell.top + y >= -border
                                        && cell.right + x < width && cell.bottom + y < height)
                        )
                    }
                }
            }
        }
        return counted
    }

    /// How many rows and columns of each map belong to an image's own padded size.
    /// - Parameter size: height and width of the image in the input, without padding.
    public func validPlaces(maps: [Pair], size: Pair, multiple: Int = 32) -> [Pair] {
        func padded(_ side: Int) -> Int { (side + multiple - 1) / multiple * multiple }
        return zip(maps, strides).map { map, stride in
            Pair(
                min(map.height, (padded(size.height) + stride - 1) / stride),
                min(map.width, (padded(size.width) + stride - 1) / stride))
        }
    }
}
