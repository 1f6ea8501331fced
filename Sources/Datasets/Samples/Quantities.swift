/// Numbers that are known of a whole image, such as an age; they stay the same wherever the pixels go.
public struct Quantities: Annotation, Hashable {
    /// One for each of the data set's names, in the user's units.
    public let values: [Double]
    /// How much the image counts in the loss.
    public let weight: Float

    /// - Parameters:
    ///   - values: one for each of the data set's names.
    ///   - weight: how much the image counts in the loss.
    public init(_ values: [Double], weight: Float = 1) { (self.values, self.weight) = (values, weight) }

    /// The same numbers.
    public func moved(by motion: Motion) -> Quantities { self }
}
