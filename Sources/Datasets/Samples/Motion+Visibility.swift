import Tensors

extension Motion {
    /// An image on the way: what lay outside it was lost, whatever came after.
    struct Frame: Sendable, Equatable {
        /// From the target to this image.
        let map: Way
        let size: Pair

        init(_ map: Way, _ size: Pair) { (self.map, self.size) = (map, size) }

        /// Whether a place of the target lay inside.
        func holds(_ place: Point) -> Bool { size.contains(map(place)) }

        /// Whether some place of the source that the target shows may have been lost here.
        /// - Parameter inverse: from source to target, where there is no displacement on the way.
        func hides(_ source: Pair, _ inverse: Affine?, _ target: Pair) -> Bool {
            // Of what is displaced, corners do not tell.
            guard map.warps.isEmpty else { return true }
            if size.contains(cornersOf: target, map.first) { return false }
            guard let inverse else { return true }
            return !size.contains(cornersOf: source, map.first.after(inverse))
        }
    }

    /// Where a place of the target lay in the source; nil where the target shows padding: beyond the edges of the
    /// source, or of an image on the way. Padding that reflects the image counts as padding.
    public func visibleSource(of place: Point) -> Point? {
        let found = map(place)
        return source.contains(found) && frames.allSatisfy { $0.holds(place) } ? found : nil
    }

    /// Whether the columns and rows of the target were columns and rows on the whole way.
    var isAligned: Bool { map.isAligned && frames.allSatisfy(\.map.isAligned) }

    /// Of an aligned motion: the source's x of the target's x, nil where the target shows padding.
    func visibleX(of x: Double) -> Double? {
        let found = map.first.xx * x + map.first.x0
        let isVisible =
            Pair.isInside(found, source.width)
            && frames.allSatisfy { Pair.isInside($0.map.first.xx * x + $0.map.first.x0, $0.size.width) }
        return isVisible ? found : nil
    }

    /// Of an aligned motion: the source's y of the target's y, nil where the target shows padding.
    func visibleY(of y: Double) -> Double? {
        let found = map.first.yy * y + map.first.y0
        let isVisible =
            Pair.isInside(found, source.height)
            && frames.allSatisfy { Pair.isInside($0.map.first.yy * y + $0.map.first.y0, $0.size.height) }
        return isVisible ? found : nil
    }

    /// The part of a convex polygon of the target that is in the target and shows the source, convex as well; of an affine
    /// motion.
    func visible(_ polygon: [Point]) -> [Point] {
        let edges = [Frame(map, source), Frame(.identity, target)] + frames
        return edges.reduce(polygon) { $1.clip($0) }
    }
}

extension Motion.Frame {
    /// The part of a convex polygon of the target that lay inside.
    func clip(_ polygon: [Point]) -> [Point] {
        let (width, height) = (Double(size.width), Double(size.height))
        let sides: [(Point) -> Double] = [
            { map($0).x }, { width - map($0).x }, { map($0).y }, { height - map($0).y },
        ]
        return sides.reduce(polygon) { rest, distance in
            var kept: [Point] = []
            for (index, end) in rest.enumerated() {
                let start = rest[index == 0 ? rest.count - 1 : index - 1]
                let (before, after) = (distance(start), distance(end))
                if (before < 0) != (after < 0) {
                    let part = before / (before - after)
                    kept.append(Point(start.x + part * (end.x - start.x), start.y + part * (end.y - start.y)))
                }
                if after >= 0 { kept.append(end) }
            }
            return kept
        }
    }
}

extension Pair {
    /// How far rounding may move a place. A pixel's center that lies on an edge, as with halved images, belongs to the
    /// pixel after it, by however little it misses the edge.
    private static let slack = 1e-6

    /// Whether a coordinate lies on a line of `length` pixels: from its start on, before its end.
    static func isInside(_ coordinate: Double, _ length: Int) -> Bool {
        coordinate >= -slack && coordinate < Double(length) - slack
    }

    /// The pixel of a coordinate that is inside.
    static func pixel(_ coordinate: Double, _ length: Int) -> Int {
        min(length - 1, Int((coordinate + slack).rounded(.down)))
    }

    /// Whether a place is in an image of this size.
    func contains(_ place: Point) -> Bool { Pair.isInside(place.x, width) && Pair.isInside(place.y, height) }

    /// Whether the corners of another image are in one of this size or on its edges.
    func contains(cornersOf other: Pair, _ map: Affine) -> Bool {
        let (x, y) = (-Self.slack...Double(width) + Self.slack, -Self.slack...Double(height) + Self.slack)
        func holds(_ column: Int, _ row: Int) -> Bool {
            let place = map(Point(Double(column), Double(row)))
            return x.contains(place.x) && y.contains(place.y)
        }
        return holds(0, 0) && holds(other.width, 0) && holds(0, other.height) && holds(other.width, other.height)
    }
}
