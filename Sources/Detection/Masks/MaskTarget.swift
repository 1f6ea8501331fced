import Datasets
import Tensors

/// What the mask head of a region is to say: the object's pixels seen through the region's box, by averages of places in it
/// (He et al., "Mask R-CNN", 2017, RoIAlign).
public struct MaskTarget: Codable, Hashable, Sendable {
    /// `torchvision` gives shares of 0...1; `mmdetection` clips the box to the image, shifts it by half a pixel and gives 0 or 1.
    public var style: DetectorStyle
    /// Height and width of what the head says.
    public var side: Pair {
        get { Pair(height, width) }
        set { (height, width) = (newValue.height, newValue.width) }
    }
    private var height: Int
    private var width: Int

    /// - Parameter side: height and width of what the head says.
    public init(_ style: DetectorStyle, side: Pair = 28) {
        (self.style, height, width) = (style, side.height, side.width)
    }

    /// The target of a region [side.height, side.width].
    /// - Parameters:
    ///   - bitmap: the object's pixels, 0 or 1, row by row.
    ///   - size: height and width of the bitmap.
    ///   - box: of the region, in the bitmap's pixels.
    public func target(_ bitmap: [UInt8], _ size: Pair, _ box: Box) -> [Double] {
        require(bitmap.count == size.height * size.width, "MaskTarget", "\(bitmap.count) pixels are not \(size)")
        let region = style == .mmdetection ? box.clipped(to: size) : box
        let rows = places(region.top, region.bottom, height, size.height)
        let columns = places(region.left, region.right, width, size.width)
        let (perRow, perColumn) = (rows.count / height, columns.count / width)
        let divisor = Double(max(perRow * perColumn, 1))
        var target: [Double] = []
        target.reserveCapacity(height * width)
        bitmap.withUnsafeBufferPointer { pixels in
            for y in 0..<height {
                for x in 0..<width {
                    var sum = 0.0
                    for row in rows[y * perRow..<(y + 1) * perRow] where row.isInside {
                        let (upper, lower) = (row.low * size.width, row.high * size.width)
                        for column in columns[x * perColumn..<(x + 1) * perColumn] where column.isInside {
                            let near = 1 - column.part
                            let (h, l) = (1 - row.part, row.part)
                            sum +=
                                h * near * Double(pixels[upper + column.low])
                                + h * column.part * Double(pixels[upper + column.high])
                                + l * near * Double(pixels[lower + column.low])
                                + l * column.part * Double(pixels[lower + column.high])
                        }
                    }
                    let share = sum / divisor
                    target.append(style == .mmdetection ? (share >= 0.5 ? 1 : 0) : share)
                }
            }
        }
        return target
    }

    /// A place along one axis between two pixels.
    private struct Place {
        var low = 0
        var high = 0
        var part = 0.0
        var isInside = false
    }

    /// The places along one axis, bin by bin: as many in a bin as it is long in pixels, rounded up.
    private func places(_ from: Double, _ to: Double, _ bins: Int, _ length: Int) -> [Place] {
        let shift = style == .mmdetection ? 0.5 : 0
        let start = from - shift
        let extent = style == .mmdetection ? to - shift - start : max(to - start, 1)
        let bin = extent / Double(bins)
        guard start.isFinite, extent.isFinite else { return [] }
        // A region much larger than its image has more places than pixels, which say nothing more.
        let count = Int(min(max(bin.rounded(.up), 0), Double(2 * length + 2)))
        return (0..<bins * count).map { index in
            let (number, place) = (index / count, index % count)
            let coordinate = start + Double(number) * bin + (Double(place) + 0.5) * bin / Double(count)
            guard coordinate >= -1, coordinate <= Double(length) else { return Place() }
            let inside = max(coordinate, 0)
            let low = Int(inside)
            guard low < length - 1 else { return Place(low: length - 1, high: length - 1, part: 0, isInside: true) }
            return Place(low: low, high: low + 1, part: inside - Double(low), isInside: true)
        }
    }

    /// The smallest box around the pixels of a bitmap that are not 0, by the indices of the extreme pixels, as torchvision counts
    /// it: a single pixel has no width. Nil where there is none. Continuous coordinates are those of `RunLengthMask.box`.
    public static func extremes(_ bitmap: [UInt8], _ size: Pair) -> Box? {
        let around = RunLengthMask(bitmap: bitmap, size: size).box
        guard around.area > 0 else { return nil }
        return Box(left: around.left, top: around.top, right: around.right - 1, bottom: around.bottom - 1)
    }
}
