/// The class of a whole image, which stays the same wherever the pixels go.
public struct ClassLabel: Annotation, Hashable {
    /// An index into the data set's class names.
    public var index: Int
    /// How much the image counts in the loss.
    public var weight: Float

    /// The class of this index.
    /// - Parameter weight: how much the image counts in the loss.
    public init(_ index: Int, weight: Float = 1) { (self.index, self.weight) = (index, weight) }

    /// The same class.
    public func moved(by motion: Motion) -> ClassLabel { self }
}
