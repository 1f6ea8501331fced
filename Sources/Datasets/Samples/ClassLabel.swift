/// The class of a whole image, which stays the same wherever the pixels go.
public struct ClassLabel: Annotation, Hashable {
    /// An index into the data set's class names.
    public var index: Int

    /// The class of this index.
    public init(_ index: Int) { self.index = index }

    /// The same class.
    public func moved(by motion: Motion) -> ClassLabel { self }
}
