/// The classes of a whole image that may have any number of them; they stay the same wherever the pixels go.
public struct ClassSet: Annotation, Hashable {
    /// Indices into the data set's class names, in ascending order, none twice.
    public let indices: [Int]
    /// How much the image counts in the loss.
    public let weight: Float

    /// - Parameters:
    ///   - indices: into the data set's class names, in any order.
    ///   - weight: how much the image counts in the loss.
    public init(_ indices: some Sequence<Int>, weight: Float = 1) {
        self.indices = Set(indices).sorted()
        self.weight = weight
    }

    /// The same classes.
    public func moved(by motion: Motion) -> ClassSet { self }
}
