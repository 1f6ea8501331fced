/// A size or step along the three axes of a volume; an integer literal means all of them.
public struct Triple: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The number for the axis of slices.
    public var depth: Int
    /// The number for the vertical axis.
    public var height: Int
    /// The number for the horizontal axis.
    public var width: Int

    /// Numbers for the axes.
    public init(_ depth: Int, _ height: Int, _ width: Int) {
        self.depth = depth
        self.height = height
        self.width = width
    }

    /// The same number for all axes.
    public init(_ all: Int) { self.init(all, all, all) }

    /// The same number for all axes.
    public init(integerLiteral value: Int) { self.init(value) }

    /// `depth`x`height`x`width`.
    public var description: String { "\(depth)x\(height)x\(width)" }

    /// The two numbers within a slice.
    package var plane: Pair { Pair(height, width) }

    /// All three, the slices first.
    package var numbers: [Int] { [depth, height, width] }
}
