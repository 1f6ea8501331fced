/// The class of an image, an index into the names of its data set.
public struct ClassLabel: Sendable, Hashable {
    public var index: Int

    public init(_ index: Int) { self.index = index }
}
