/// A rectangle along the axes of an image, in continuous coordinates (see `Point`): one that covers pixels 2, 3 and 4 of
/// a row begins at 2 and ends at 5.
public struct Box: Sendable, Hashable {
    /// The x of the left side, in pixels.
    public var left: Double
    /// The y of the upper side, in pixels.
    public var top: Double
    /// The x of the right side, in pixels.
    public var right: Double
    /// The y of the lower side, in pixels.
    public var bottom: Double

    /// A box by its sides.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }

    /// The smallest box around some places; nil where there are none.
    public init?(around places: [Point]) {
        guard let first = places.first else { return nil }
        self.init(left: first.x, top: first.y, right: first.x, bottom: first.y)
        for place in places {
            (left, right) = (min(left, place.x), max(right, place.x))
            (top, bottom) = (min(top, place.y), max(bottom, place.y))
        }
    }

    /// In pixels.
    public var width: Double { right - left }
    /// In pixels.
    public var height: Double { bottom - top }
    /// In square pixels.
    public var area: Double { width * height }

    /// The corners, clockwise from the upper left one.
    public var corners: [Point] { [Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom)] }
}
