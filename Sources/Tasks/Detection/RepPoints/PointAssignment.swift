import Datasets
import Foundation
import Tensors

/// The places at which a dense head answers: one for each cell of each level's map, row by row, levels from fine to coarse.
struct PointGrid: Sendable {
    /// One level.
    struct Level: Sendable {
        /// Pixels of the input from cell to cell.
        let stride: Int
        /// The map's height and width.
        let size: Pair
        /// The index of its first point.
        let first: Int

        var count: Int { size.height * size.width }
    }

    let levels: [Level]
    /// Of all levels.
    let count: Int

    init(strides: [Int], sizes: [Pair]) {
        var levels: [Level] = []
        var first = 0
        for (stride, size) in zip(strides, sizes) {
            levels.append(Level(stride: stride, size: size, first: first))
            first += size.height * size.width
        }
        (self.levels, count) = (levels, first)
    }

    /// Which points belong to an image, see `own(_:_:multiple:)`; nil where all do.
    func own(_ visible: Pair, multiple: Int) -> [Bool]? {
        if levels.allSatisfy({ Self.own(visible, $0, multiple: multiple) == $0.size }) { return nil }
        return levels.flatMap { level in
            let own = Self.own(visible, level, multiple: multiple)
            return (0..<level.count).map {
                $0 / level.size.width < own.height && $0 % level.size.width < own.width
            }
        }
    }

    /// The rows and columns of a level's map that belong to an image: its size rounded up to a multiple, as if it were
    /// padded alone. Beyond lies what larger images of the batch added.
    static func own(_ visible: Pair, _ level: Level, multiple: Int) -> Pair {
        func cells(_ side: Int, _ most: Int) -> Int {
            let padded = (side + multiple - 1) / multiple * multiple
            return min(most, (padded + level.stride - 1) / level.stride)
        }
        return Pair(cells(visible.height, level.size.height), cells(visible.width, level.size.width))
    }
}

/// Which point of the grid each object is asked of first: RepPoints' initial stage. A box belongs to the level whose stride
/// suits its size, and there to the point nearest to its center.
struct PointAssignment {
    let grid: PointGrid
    /// A box of this many strides belongs to a level.
    let scale: Double
    /// Points lie within the image's size rounded up to a multiple of this.
    let multiple: Int

    /// The points that are of an object, in order, and the object.
    /// - Parameter visible: the part of the input that the image takes.
    func callAsFunction(_ boxes: [Box], visible: Pair) -> [(point: Int, object: Int)] {
        var nearest: [Int: (object: Int, distance: Double)] = [:]
        let exponents = grid.levels.map { Self.exponent($0.stride) }
        guard let lowest = exponents.first, let highest = exponents.last else { return [] }
        for (object, box) in boxes.enumerated() {
            let (width, height) = (max(box.width, 1e-6), max(box.height, 1e-6))
            let exact = (log2(width / scale) + log2(height / scale)) / 2
            // Towards zero, as the source converts.
            let wanted = min(max(Int(max(-1e6, min(1e6, exact))), lowest), highest)
            guard let index = exponents.firstIndex(of: wanted) else { continue }
            let level = grid.levels[index]
            let own = PointGrid.own(visible, level, multiple: multiple)
            guard own.height > 0, own.width > 0 else { continue }
            let center = Point((box.left + box.right) / 2, (box.top + box.bottom) / 2)
            // Distances along the axes are independent, so the nearest point is that of the nearest row and column.
            let column = Self.nearest(center.x, Double(level.stride), own.width)
            let row = Self.nearest(center.y, Double(level.stride), own.height)
            let x = (Double(column * level.stride) - center.x) / width
            let y = (Double(row * level.stride) - center.y) / height
            let distance = (x * x + y * y).squareRoot()
            let point = level.first + row * level.size.width + column
            if let known = nearest[point], known.distance <= distance { continue }
            nearest[point] = (object, distance)
        }
        return nearest.map { (point: $0.key, object: $0.value.object) }.sorted { $0.point < $1.point }
    }

    /// The index of the point nearest to a coordinate; the first of two that are equally near.
    private static func nearest(_ place: Double, _ stride: Double, _ count: Int) -> Int {
        let lower = Int(min(max((place / stride).rounded(.down), 0), Double(count - 1)))
        let upper = min(lower + 1, count - 1)
        return abs(Double(upper) * stride - place) < abs(Double(lower) * stride - place) ? upper : lower
    }

    /// The logarithm to base 2 of a stride, truncated.
    private static func exponent(_ stride: Int) -> Int { Int.bitWidth - 1 - max(1, stride).leadingZeroBitCount }
}
