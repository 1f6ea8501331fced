import Datasets
import Tensors

/// The classes of a batch's images, or their shares of classes where images are mixed.
public struct Labels: Targets {
    /// [count], class indices.
    public let classes: [Int32]
    /// [count, classCount], probabilities, where images are mixed.
    public let shares: [Float]?
    /// How many classes the shares are of: those of the data.
    public let classCount: Int
    /// [count], how much each image counts in the loss; nil where all count as one.
    public let weights: [Float]?

    /// - Parameters:
    ///   - shares: [count, classCount], of images that are mixed.
    ///   - classCount: the classes of the data.
    ///   - weights: [count], how much each image counts in the loss; nil where all count as one.
    public init(classes: [Int32], shares: [Float]? = nil, classCount: Int, weights: [Float]? = nil) {
        (self.classes, self.shares, self.classCount, self.weights) = (classes, shares, classCount, weights)
    }

    /// The labels of those images, and their shares.
    public func part(_ range: Range<Int>) -> Labels {
        Labels(
            classes: Array(classes[range]),
            shares: shares.map { Array($0[range.lowerBound * classCount..<range.upperBound * classCount]) },
            classCount: classCount, weights: weights.map { Array($0[range]) })
    }

    /// The shares as a tensor [count, outputs], padded with zeros; nil where images are not mixed.
    func shareTensor(outputs: Int) -> Tensor<Float>? {
        guard let shares else { return nil }
        return Tensor([classes.count, outputs]) { target in
            for i in 0..<classes.count {
                for c in 0..<outputs { target[i * outputs + c] = c < classCount ? shares[i * classCount + c] : 0 }
            }
        }
    }

    /// How many rows of [count, outputs] have their largest element where the target has it: at the label, or for mixed
    /// images at the class with the larger share.
    func hits(_ logits: Tensor<Float>) -> Int {
        var wanted = classes.map { Int($0) }
        if let shares {
            for i in wanted.indices {
                let row = shares[i * classCount..<(i + 1) * classCount]
                // Equal shares count as the image's own class.
                if let most = row.max(), row[row.startIndex + wanted[i]] < most {
                    wanted[i] = (row.firstIndex(of: most) ?? row.startIndex) - row.startIndex
                }
            }
        }
        return zip(logits.argmax(), wanted).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    }
}

/// Makes labels, and mixes training images where that is wanted.
public struct LabelCollator: Collator {
    /// The classes of the data.
    public let classCount: Int
    /// Mixup and cutmix; batches then have shares.
    public let mixing: Mixing?
    /// Label smoothing of shares, 0..<1.
    public let smoothing: Float

    /// - Parameters:
    ///   - classCount: the classes of the data.
    ///   - mixing: nil leaves images as they are.
    ///   - smoothing: of the shares of mixed images.
    public init(classCount: Int, mixing: Mixing? = nil, smoothing: Float = 0) {
        (self.classCount, self.mixing, self.smoothing) = (classCount, mixing, smoothing)
    }

    /// Where images are mixed with each other.
    public var looksAcrossImages: Bool { mixing != nil }

    /// The classes of the images; where they are mixed, the images are changed and the labels have shares.
    public func collate(_ annotations: [ClassLabel], _ images: ImageBatch, _ random: inout Random) -> Labels {
        let classes = annotations.map { Int32($0.index) }
        let weights = annotations.contains { $0.weight != 1 } ? annotations.map(\.weight) : nil
        guard let mixing else { return Labels(classes: classes, classCount: classCount, weights: weights) }
        let share = mixing.apply(to: images, &random)
        return Labels(
            classes: classes,
            shares: Mixing.shares(classes, classCount: classCount, own: share, smoothing: smoothing),
            classCount: classCount, weights: weights.map { Mixing.weights($0, own: share) })
    }
}
