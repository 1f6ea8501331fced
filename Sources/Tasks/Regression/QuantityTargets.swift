import Datasets
import Tensors

/// The numbers of a batch's images.
public struct QuantityTargets: Targets {
    /// [count, outputs], in the user's units.
    public let values: [Double]
    /// How many numbers each image has.
    public let outputs: Int
    /// [count], how much each image counts in the loss; nil where all count as one.
    public let weights: [Float]?

    /// - Parameters:
    ///   - values: [count, outputs], in the user's units.
    ///   - outputs: how many numbers each image has.
    ///   - weights: [count], how much each image counts in the loss; nil where all count as one.
    public init(values: [Double], outputs: Int, weights: [Float]? = nil) {
        (self.values, self.outputs, self.weights) = (values, outputs, weights)
    }

    /// Those of some of the images.
    public func part(_ range: Range<Int>) -> QuantityTargets {
        QuantityTargets(
            values: Array(values[range.lowerBound * outputs..<range.upperBound * outputs]), outputs: outputs,
            weights: weights.map { Array($0[range]) })
    }
}

/// Puts the numbers of images together.
public struct QuantityCollator: Collator {
    /// How many numbers each image has.
    public let outputs: Int

    /// - Parameter outputs: how many numbers each image has.
    public init(outputs: Int) { self.outputs = outputs }

    /// No.
    public var looksAcrossImages: Bool { false }

    /// The numbers as they are.
    public func collate(_ annotations: [Quantities], _ images: ImageBatch, _ random: inout Random) -> QuantityTargets {
        QuantityTargets(
            values: annotations.flatMap(\.values), outputs: outputs,
            weights: annotations.contains { $0.weight != 1 } ? annotations.map(\.weight) : nil)
    }
}
