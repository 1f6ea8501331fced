/// A closed outline of straight lines.
public struct Polygon: Sendable, Hashable {
    /// The corners in order; the last one is joined to the first.
    public var corners: [Point]

    /// An outline through some corners.
    public init(_ corners: [Point]) { self.corners = corners }

    /// What a simple outline encloses, in square pixels.
    public var area: Double {
        guard var last = corners.last else { return 0 }
        var sum = 0.0
        for corner in corners {
            sum += last.x * corner.y - corner.x * last.y
            last = corner
        }
        return abs(sum) / 2
    }

    /// The outline of the moved image, corner by corner; what lies beside the image is not cut off. Nil where the motion
    /// cannot be inverted.
    public func moved(by motion: Motion) -> Polygon? {
        let moved = corners.compactMap { motion.target(of: $0) }
        return moved.count == corners.count ? Polygon(moved) : nil
    }
}
