import Configuration
import Datasets

/// The key `loss.classWeights`: how much each class counts in the loss.
public enum ClassWeights: Sendable, Equatable {
    /// Each class by its images alone.
    case equal
    /// images / (classes * images of the class): as if every class had equally many images. Their mean over the images is 1.
    case balanced
    case list([Double])

    init(_ reader: ConfigurationReader) {
        let words = ClassWeightWords(
            reader,
            "Weight of each class in the loss: none, balanced, or a list of numbers; the loss is the mean over the images, not "
                + "divided by their weights as PyTorch's is")
        switch words {
        case .equal: self = .equal
        case .balanced: self = .balanced
        case .list(let values): self = .list(values)
        }
    }

    /// One weight for each output of a model, or none at all; an output without training images gets 1.
    /// - Throws: `RecipeError` when a list has another number of entries.
    func values(of dataset: any LabeledDataset, outputs: Int) throws -> [Float] {
        switch self {
        case .equal: return []
        case .list(let values):
            let classes = dataset.classNames.count
            guard values.count == outputs || values.count == classes else {
                throw RecipeError("loss.classWeights has \(values.count) entries, but the data has \(classes) classes")
            }
            return (values + Array(repeating: 1, count: outputs - values.count)).map { Float($0) }
        case .balanced:
            let counts = try dataset.classCounts()
            let present = Double(counts.count { $0 > 0 })
            let weights = counts.map { $0 > 0 ? Double(dataset.count) / (present * Double($0)) : 1 }
            return (weights + Array(repeating: 1, count: outputs - weights.count)).map { Float($0) }
        }
    }
}
