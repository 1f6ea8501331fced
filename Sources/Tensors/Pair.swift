/// A size or step along the two axes of a map; an integer literal means both.
public struct Pair: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The number for the vertical axis.
    public var height: Int
    /// The number for the horizontal axis.
    public var width: Int

    /// Numbers for both axes.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    /// The same number for both axes.
    public init(_ both: Int) { self.init(both, both) }

    /// The same number for both axes.
    public init(integerLiteral value: Int) { self.init(value, value) }

    /// `height`x`width`.
    public var description: String { "\(height)x\(width)" }
}
