import Tensors

extension RunLengthMask {
    /// The pixels that outlines enclose, by the rule of COCO's own tools: on a grid five times as fine the outline is walked in
    /// whole steps, and where it crosses the middle of a column of pixels, the column changes between outside and inside.
    /// Several outlines are united. An outline of less than three corners encloses nothing, and so may a very small one.
    public init(filling polygons: [Polygon], size: Pair) {
        self.init(union: polygons.map { RunLengthMask(filling: $0, size: size) }, size: size)
    }

    /// The pixels that one outline encloses.
    public init(filling polygon: Polygon, size: Pair) {
        guard polygon.corners.count >= 3, polygon.corners.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
            self.init(empty: size)
            return
        }
        let pixels = size.height * size.width
        var crossings = Crossings(size: size)
        let corners = polygon.corners.map { GridPoint(x: Self.onGrid($0.x), y: Self.onGrid($0.y)) }
        for (index, corner) in corners.enumerated() {
            crossings.add(from: corner, to: corners[index + 1 == corners.count ? 0 : index + 1])
        }
        var runs = RunBuilder()
        var (place, isObject) = (0, false)
        for crossing in crossings.sorted() {
            let next = min(Int(crossing), pixels)
            runs.add(next - place, isObject: isObject)
            (place, isObject) = (next, !isObject)
        }
        runs.add(pixels - place, isObject: isObject)
        self = runs.mask(size)
    }

    /// The nearest place of the finer grid, as the reference rounds; far beyond any image it is cut off.
    private static func onGrid(_ coordinate: Double) -> Int { Int(min(max(5 * coordinate + 0.5, -1e9), 1e9)) }

    private struct GridPoint {
        var x: Int
        var y: Int
    }

    /// Where outlines cross the middles of columns, as places down the columns.
    private struct Crossings {
        let size: Pair
        private var places: [UInt32] = []
        private var limit: Int

        init(size: Pair) {
            self.size = size
            limit = max(1 << 16, size.height * size.width / 4)
        }

        /// What an edge crosses. Along its longer axis it is walked in whole steps from its smaller end on; the other coordinate
        /// is rounded.
        mutating func add(from start: GridPoint, to end: GridPoint) {
            let (dx, dy) = (abs(end.x - start.x), abs(end.y - start.y))
            if dx == 0 { return }
            if dx >= dy {
                let (low, high) = start.x <= end.x ? (start, end) : (end, start)
                let slope = Double(high.y - low.y) / Double(dx)
                func y(_ x: Int) -> Int { Int(Double(low.y) + slope * Double(x - low.x) + 0.5) }
                for column in columns(low.x, high.x) {
                    let x = 5 * column + 2
                    add(column, min(y(x), y(x + 1)))
                }
            } else {
                let (low, high) = start.y <= end.y ? (start, end) : (end, start)
                let slope = Double(high.x - low.x) / Double(dy)
                func x(_ step: Int) -> Int { Int(Double(low.x) + slope * Double(step) + 0.5) }
                let isRising = high.x > low.x
                for column in columns(min(low.x, high.x), max(low.x, high.x)) {
                    let x0 = 5 * column + 2
                    // The first step on the far side of the column's middle; the one before it is on the near side.
                    var (near, far) = (0, dy)
                    while far - near > 1 {
                        let middle = (near + far) / 2
                        if isRising ? x(middle) > x0 : x(middle) <= x0 { far = middle } else { near = middle }
                    }
                    add(column, low.y + near)
                }
            }
        }

        /// The columns of the image whose middles lie between two places of the grid: at 5 column + 2 and the one after it.
        private func columns(_ low: Int, _ high: Int) -> Range<Int> {
            let first = max(0, (low + 2) / 5)
            let last = min(size.width - 1, high < 3 ? -1 : (high - 3) / 5)
            return first <= last ? first..<last + 1 : 0..<0
        }

        private mutating func add(_ column: Int, _ y: Int) {
            let row = y <= 2 ? 0 : min(size.height, (y + 2) / 5)
            places.append(UInt32(column * size.height + row))
            if places.count >= limit { tidy() }
        }

        /// Two crossings at one place cancel each other, so that there are no more than places however often they are crossed.
        private mutating func tidy() {
            places = sorted()
            limit = max(limit, 2 * places.count)
        }

        func sorted() -> [UInt32] {
            var kept: [UInt32] = []
            for place in places.sorted() {
                if kept.last == place { kept.removeLast() } else { kept.append(place) }
            }
            return kept
        }
    }
}
