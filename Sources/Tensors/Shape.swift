/// The extent of a tensor along each axis, outermost first. Activations are channels-last: [batch, height, width,
/// channels].
public struct Shape: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The extent of each axis, outermost first.
    public let dimensions: [Int]

    /// A shape of these extents.
    @inlinable
    public init(_ dimensions: [Int]) { self.dimensions = dimensions }

    /// `[2, 3]`; `[]` is a scalar.
    @inlinable
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    /// The number of axes; a scalar has none.
    @inlinable
    public var rank: Int { dimensions.count }

    /// The number of elements, 1 for a scalar.
    @inlinable
    public var elementCount: Int { dimensions.reduce(1, *) }

    /// The extent along an axis; negative axes count from the end, as in PyTorch.
    @inlinable
    public subscript(axis: Int) -> Int { dimensions[axis < 0 ? axis + dimensions.count : axis] }

    /// The innermost extent (the channels of an activation), 1 for a scalar.
    @inlinable
    public var columns: Int { dimensions.last ?? 1 }

    /// The number of innermost rows: `elementCount / columns`.
    @inlinable
    public var rows: Int { dimensions.dropLast().reduce(1, *) }

    /// The shape with one axis replaced.
    public func replacing(axis: Int, with extent: Int) -> Shape {
        var copy = dimensions
        copy[axis < 0 ? axis + rank : axis] = extent
        return Shape(copy)
    }

    /// `[2, 3]`.
    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
