/// The pixels that an object covers: a rectangle of a picture, row by row.
package struct DrawnMask: Sendable, Equatable {
    /// The rectangle's upper left pixel in the picture.
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int
    /// [height, width] of the rectangle.
    package let covered: [Bool]

    /// - Returns: nil where `covered` does not have height times width elements, or the rectangle is none.
    package init?(x: Int = 0, y: Int = 0, width: Int, height: Int, covered: [Bool]) {
        let most = 1 << 20
        guard (1...most).contains(width), (1...most).contains(height),
            (-most...most).contains(x), (-most...most).contains(y),
            covered.count == width * height
        else { return nil }
        (self.x, self.y, self.width, self.height, self.covered) = (x, y, width, height, covered)
    }

    /// A mask of a whole picture in run lengths as COCO's files have them: down the columns from the left, beginning with
    /// pixels that are not covered. Only the rectangle around what is covered is kept.
    /// - Returns: nil where the runs do not fill the picture, or cover nothing.
    package init?(runs: [Int], width: Int, height: Int) {
        let most = 1 << 16
        guard (1...most).contains(width), (1...most).contains(height) else { return nil }
        let size = width * height
        var (end, isCovered) = (0, false)
        var (top, bottom, left, right) = (height, 0, width, 0)
        for run in runs {
            guard (0...size - end).contains(run) else { return nil }
            if isCovered, run > 0 {
                let last = end + run - 1
                (left, right) = (min(left, end / height), max(right, last / height + 1))
                let isOneColumn = end / height == last / height
                (top, bottom) = (
                    isOneColumn ? min(top, end % height) : 0, isOneColumn ? max(bottom, last % height + 1) : height
                )
            }
            end += run
            isCovered.toggle()
        }
        guard end == size, left < right else { return nil }
        (x, y, self.width, self.height) = (left, top, right - left, bottom - top)
        var covered = [Bool](repeating: false, count: self.width * self.height)
        (end, isCovered) = (0, false)
        for run in runs {
            if isCovered {
                for position in end..<end + run {
                    covered[(position % height - top) * self.width + position / height - left] = true
                }
            }
            end += run
            isCovered.toggle()
        }
        self.covered = covered
    }

    /// Whether a pixel of the picture is covered.
    func covers(_ u: Int, _ v: Int) -> Bool {
        let (column, row) = (u - x, v - y)
        guard column >= 0, column < width, row >= 0, row < height else { return false }
        return covered[row * width + column]
    }

    /// The same in a picture of another size: each pixel is as the one in which its center lay. At least one pixel of an
    /// object stays.
    package func scaled(x factor: Double, y other: Double) -> DrawnMask? {
        func side(_ start: Int, _ length: Int, _ factor: Double) -> (start: Int, length: Int, sources: [Int])? {
            guard factor.isFinite, factor > 0 else { return nil }
            let first = Int(bounded: (Double(start) * factor).rounded(.down))
            let last = Int(bounded: (Double(start + length) * factor).rounded(.up))
            guard last > first, last - first <= 1 << 16 else { return nil }
            let sources = (first..<last).map { place in
                min(max(Int(bounded: ((Double(place) + 0.5) / factor).rounded(.down)) - start, -1), length)
            }
            return (first, last - first, sources)
        }
        guard let columns = side(x, width, factor), let rows = side(y, height, other),
            columns.length * rows.length <= 1 << 28
        else { return nil }
        var result = [Bool](repeating: false, count: columns.length * rows.length)
        for (v, row) in rows.sources.enumerated() where row >= 0 && row < height {
            for (u, column) in columns.sources.enumerated() where column >= 0 && column < width {
                result[v * columns.length + u] = covered[row * width + column]
            }
        }
        if !result.contains(true), covered.contains(true) { result[result.count / 2] = true }
        return DrawnMask(x: columns.start, y: rows.start, width: columns.length, height: rows.length, covered: result)
    }
}
