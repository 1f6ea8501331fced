import Datasets
import Tensors

/// Which classes the images of a batch have.
public struct ClassSets: Targets {
    /// [count, classes], 1 where the image has the class and 0 elsewhere.
    public let values: [Float]
    /// How many outputs the model has.
    public let classes: Int
    /// [count], how much each image counts in the loss; nil where all count as one.
    public let weights: [Float]?

    /// - Parameters:
    ///   - values: [count, classes], 0 or 1.
    ///   - classes: how many outputs the model has.
    ///   - weights: [count], how much each image counts in the loss; nil where all count as one.
    public init(values: [Float], classes: Int, weights: [Float]? = nil) {
        (self.values, self.classes, self.weights) = (values, classes, weights)
    }

    /// Those of some of the images.
    public func part(_ range: Range<Int>) -> ClassSets {
        ClassSets(
            values: Array(values[range.lowerBound * classes..<range.upperBound * classes]), classes: classes,
            weights: weights.map { Array($0[range]) })
    }

    /// How much each element counts in the loss, [count, classes]: the image's weight, times that of the class where the
    /// image has it; nil where all count as one.
    /// - Parameter classWeights: one for each class; empty for 1 everywhere.
    func elementWeights(_ classWeights: [Float]) -> Tensor<Float>? {
        if weights == nil, classWeights.isEmpty { return nil }
        return Tensor([values.count / max(1, classes), classes]) { result in
            for i in values.indices {
                let own = classWeights.isEmpty || values[i] == 0 ? 1 : classWeights[i % classes]
                result[i] = own * (weights?[i / classes] ?? 1)
            }
        }
    }
}

/// Makes the targets of images with any number of classes.
public struct ClassSetCollator: Collator {
    /// How many outputs the model has.
    public let classes: Int

    /// - Parameter classes: how many outputs the model has.
    public init(classes: Int) { self.classes = classes }

    /// No.
    public var looksAcrossImages: Bool { false }

    /// A row of zeros and ones for each image.
    public func collate(_ annotations: [ClassSet], _ images: ImageBatch, _ random: inout Random) -> ClassSets {
        var values = [Float](repeating: 0, count: annotations.count * classes)
        for (row, annotation) in annotations.enumerated() {
            for index in annotation.indices { values[row * classes + index] = 1 }
        }
        return ClassSets(
            values: values, classes: classes,
            weights: annotations.contains { $0.weight != 1 } ? annotations.map(\.weight) : nil)
    }
}
