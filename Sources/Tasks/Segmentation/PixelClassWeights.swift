import Configuration
import Datasets

/// The key `loss.classWeights` of segmentation: how much the pixels of each class count.
public enum PixelClassWeights: Sendable, Equatable {
    /// Each class by its pixels alone.
    case equal
    /// The median share of a class over the class's own share (Eigen and Fergus 2015): as if classes were equally frequent.
    case balanced
    /// One for each class.
    case list([Double])

    init(_ reader: ConfigurationReader) {
        let words = ClassWeightWords(
            reader,
            "Weight of each class in the loss: none, balanced (the median class's share of the pixels over the class's own), "
                + "or a list of numbers; the loss is divided by the weights of its pixels, as PyTorch's is")
        switch words {
        case .equal: self = .equal
        case .balanced: self = .balanced
        case .list(let values): self = .list(values)
        }
    }

    /// One weight for each class, or none at all; a class without pixels gets 1.
    /// - Throws: `RecipeError` when a list has another number of entries, or what reading a mask throws.
    func values(_ training: (any AnnotatedDataset<Mask>)?, classes: Int) throws -> [Double] {
        switch self {
        case .equal: return []
        case .list(let values):
            guard values.count == classes else {
                throw RecipeError("loss.classWeights has \(values.count) entries, but the data has \(classes) classes")
            }
            return values
        case .balanced:
            guard let training else { return [] }
            var pixels = [Int](repeating: 0, count: 256)
            for index in 0..<training.count {
                for label in try training.annotation(index).labels { pixels[Int(label)] += 1 }
            }
            let counts = pixels.prefix(classes).map { Double($0) }
            let present = counts.filter { $0 > 0 }.sorted()
            guard !present.isEmpty else { return [] }
            let middle = present.count / 2
            let median = present.count % 2 == 1 ? present[middle] : (present[middle - 1] + present[middle]) / 2
            return counts.map { $0 > 0 ? median / $0 : 1 }
        }
    }
}
