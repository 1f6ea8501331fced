import Tensors

/// A smooth displacement of all places of an image, and an affine map after it.
///
/// Displacements are a cubic B-spline over a coarse grid of vectors, small enough that no two places fall together: the map
/// can be inverted.
struct Warp: Sendable, Equatable {
    /// How far the nodes of the grid lie apart, in pixels.
    let spacing: Double
    private let columns: Int
    private let rows: Int
    /// The control points [rows, columns], those of the first interval of the image first.
    private let nodes: [SIMD2<Double>]
    /// From the image whose places are displaced on toward the source.
    var after = Affine.identity

    /// The most that displacements may differ over a pixel along either side; two sides make less than one.
    static let steepest = 0.45
    /// The most nodes along a side.
    static let mostNodes = 256

    /// Random displacements of an image.
    /// - Parameters:
    ///   - strength: the deviation of a displacement along each side, in pixels; less where places would fall together.
    ///   - smoothness: how far independent displacements lie apart, in pixels.
    init(_ size: Pair, strength: Double, smoothness: Double, _ random: inout Random) {
        let spacing = max(smoothness, Double(max(size.height, size.width)) / Double(Self.mostNodes))
        let columns = Int((Double(size.width) / spacing).rounded(.up)) + 3
        let rows = Int((Double(size.height) / spacing).rounded(.up)) + 3
        // The spline evens out its nodes: of values of deviation 1 it has about 0.48.
        let scale = strength / 0.48
        var nodes = (0..<columns * rows).map { _ in SIMD2(random.normal(), random.normal()) * scale }
        var steepest = 0.0
        for index in nodes.indices {
            for step in [index % columns + 1 < columns ? 1 : 0, index / columns + 1 < rows ? columns : 0] {
                let difference = nodes[index + step] - nodes[index]
                steepest = max(steepest, abs(difference.x), abs(difference.y))
            }
        }
        let limit = Self.steepest * spacing
        if steepest > limit { for index in nodes.indices { nodes[index] *= limit / steepest } }
        (self.spacing, self.columns, self.rows, self.nodes) = (spacing, columns, rows, nodes)
    }

    /// Where a place comes from.
    func displaced(_ place: Point) -> Point {
        let (column, across) = Self.interval(place.x / spacing, columns)
        let (row, down) = Self.interval(place.y / spacing, rows)
        let (x, y) = (Self.weights(across), Self.weights(down))
        var sum = SIMD2<Double>.zero
        for j in 0..<4 {
            let start = (row + j) * columns + column
            var line = nodes[start] * x[0]
            line += nodes[start + 1] * x[1]
            line += nodes[start + 2] * x[2]
            line += nodes[start + 3] * x[3]
            sum += line * y[j]
        }
        return Point(place.x + sum.x, place.y + sum.y)
    }

    /// The place that is displaced to this one.
    func undisplaced(_ place: Point) -> Point {
        var found = place
        for _ in 0..<100 {
            let reached = displaced(found)
            let (x, y) = (place.x - reached.x, place.y - reached.y)
            found = Point(found.x + x, found.y + y)
            if max(abs(x), abs(y)) < 1e-9 { break }
        }
        return found
    }

    /// The interval of a coordinate in steps of the grid, and the place in it, 0...1; beyond the ends that of the end.
    private static func interval(_ coordinate: Double, _ count: Int) -> (first: Int, part: Double) {
        // Written so that not-a-number has a place as well.
        let inside = coordinate > 0 ? min(coordinate, Double(count - 3)) : 0
        let first = min(count - 4, Int(inside))
        return (first, inside - Double(first))
    }

    /// What the four nodes around a place count.
    private static func weights(_ t: Double) -> SIMD4<Double> {
        let (s, square) = (1 - t, t * t)
        return SIMD4(
            s * s * s, (3 * t - 6) * square + 4, ((-3 * t + 3) * t + 3) * t + 1, square * t) / 6
    }
}

/// From a place of the target to that of an image on the way: an affine map, then displacements, if there are any.
struct Way: Sendable, Equatable {
    var first: Affine
    /// Each with the affine map that follows it.
    var warps: [Warp] = []

    init(_ first: Affine, _ warps: [Warp] = []) { (self.first, self.warps) = (first, warps) }

    static let identity = Way(.identity)

    /// Whether columns stay columns and rows stay rows.
    var isAligned: Bool { first.isAligned && warps.isEmpty }

    func callAsFunction(_ place: Point) -> Point {
        var place = first(place)
        for warp in warps { place = warp.after(warp.displaced(place)) }
        return place
    }

    /// This way after another one.
    func after(_ other: Way) -> Way {
        guard var last = other.warps.last else { return Way(first.after(other.first), warps) }
        last.after = first.after(last.after)
        return Way(other.first, other.warps.dropLast() + [last] + warps)
    }

    /// The affine maps alone.
    var affine: Affine { warps.reduce(first) { $1.after.after($0) } }

    /// The place that leads to this one; nil where an affine map cannot be inverted.
    func origin(of place: Point) -> Point? {
        var place = place
        for warp in warps.reversed() {
            guard let back = warp.after.inverse else { return nil }
            place = warp.undisplaced(back(place))
        }
        return first.inverse.map { $0(place) }
    }
}
