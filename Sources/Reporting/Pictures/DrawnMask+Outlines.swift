import JSON

// Masks as outlines, and as files of `report/` hold them.
extension DrawnMask {
    /// What lies within outlines, of which it is the union: pixels whose center does.
    /// - Parameter outlines: x, y, x, y, ... of the corners of each.
    /// - Returns: nil where nothing does.
    package init?(outlines: [[Double]], width: Int, height: Int) {
        let most = 1 << 13
        let outlines = outlines.prefix(256).filter {
            $0.count >= 6 && $0.count.isMultiple(of: 2) && $0.count <= 1 << 14 && $0.allSatisfy(\.isFinite)
        }
        guard !outlines.isEmpty, (1...most).contains(width), (1...most).contains(height) else { return nil }
        func side(_ first: Int, _ length: Int) -> Range<Int> {
            let values = outlines.flatMap { line in stride(from: first, to: line.count, by: 2).map { line[$0] } }
            let low = min(max(Int(bounded: (values.min() ?? 0).rounded(.down)), 0), length)
            let high = min(max(Int(bounded: (values.max() ?? 0).rounded(.up)), 0), length)
            return low..<max(low, high)
        }
        let (columns, rows) = (side(0, width), side(1, height))
        guard !columns.isEmpty, !rows.isEmpty else { return nil }
        var covered = [Bool](repeating: false, count: columns.count * rows.count)
        for line in outlines {
            for row in rows {
                let crossings = Self.crossings(line, Double(row) + 0.5)
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    // Pixels whose center is not left of the first and left of the second.
                    let first = max(columns.lowerBound, Int(bounded: (crossings[pair] - 0.5).rounded(.up)))
                    let last = min(columns.upperBound, Int(bounded: (crossings[pair + 1] - 0.5).rounded(.up)))
                    for column in first..<max(first, last) {
                        covered[(row - rows.lowerBound) * columns.count + column - columns.lowerBound] = true
                    }
                }
            }
        }
        guard covered.contains(true) else { return nil }
        self.init(
            x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count, covered: covered)
    }

    /// Where an outline crosses a horizontal line, from the left.
    private static func crossings(_ line: [Double], _ y: Double) -> [Double] {
        let count = line.count / 2
        var result: [Double] = []
        for index in 0..<count {
            let next = (index + 1) % count
            let (x0, y0, x1, y1) = (line[2 * index], line[2 * index + 1], line[2 * next], line[2 * next + 1])
            if (y0 <= y) != (y1 <= y) { result.append(x0 + (y - y0) / (y1 - y0) * (x1 - x0)) }
        }
        return result.sorted()
    }

    /// Run lengths along the rows of the rectangle, beginning with pixels that are not covered.
    var json: JSONValue {
        var runs: [JSONValue] = []
        var (length, isCovered) = (0, false)
        for pixel in covered {
            if pixel != isCovered {
                runs.append(.integer(length))
                (length, isCovered) = (0, pixel)
            }
            length += 1
        }
        runs.append(.integer(length))
        return [
            "x": .integer(x), "y": .integer(y), "width": .integer(width), "height": .integer(height),
            "runs": .array(runs),
        ]
    }

    /// - Returns: nil where the runs do not fill the rectangle.
    init?(_ json: JSONValue) {
        guard let x = json["x"]?.integerValue, let y = json["y"]?.integerValue, let width = json["width"]?.integerValue,
            let height = json["height"]?.integerValue, let runs = json["runs"]?.arrayValue,
            (1...4096).contains(width), (1...4096).contains(height), (-4096...4096).contains(x),
            (-4096...4096).contains(y)
        else { return nil }
        var covered: [Bool] = []
        covered.reserveCapacity(width * height)
        for (index, run) in runs.enumerated() {
            guard let run = run.integerValue, (0...width * height - covered.count).contains(run) else { return nil }
            covered += repeatElement(!index.isMultiple(of: 2), count: run)
        }
        self.init(x: x, y: y, width: width, height: height, covered: covered)
    }
}
