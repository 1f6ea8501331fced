/// A place in an image in continuous coordinates: x to the right and y downward from the upper left corner, in pixels.
/// Pixel i covers i...i + 1, and its center is at i + 0.5.
public struct Point: Sendable, Hashable {
    /// The distance from the left edge, in pixels.
    public var x: Double
    /// The distance from the upper edge, in pixels.
    public var y: Double

    /// The place at `x`, `y`.
    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}
