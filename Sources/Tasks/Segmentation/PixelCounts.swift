import Reporting

/// How many pixels of each class were taken for which, over a whole set: what all measures of segmentation are made of.
///
/// Counts are whole numbers, so that the measures depend on neither the order of the images nor on how they were put into
/// batches. Pixels whose label is ignored count for nothing, also where they were taken for a class.
public struct PixelCounts: Sendable, Equatable {
    /// How many classes there are.
    public let classes: Int
    /// Pixels by label and answer [classes, classes].
    public private(set) var confusion: [Int]

    /// No pixels yet.
    public init(classes: Int) {
        self.classes = classes
        confusion = Array(repeating: 0, count: classes * classes)
    }

    /// Counts the pixels of an image.
    /// - Parameters:
    ///   - answers: the class of each pixel, below `classes`.
    ///   - labels: as many, below `classes` or `ignored`.
    public mutating func add(
        answers: UnsafeBufferPointer<UInt8>, labels: UnsafeBufferPointer<UInt8>, ignored: UInt8 = 255
    ) {
        let classes = classes
        confusion.withUnsafeMutableBufferPointer { confusion in
            for (answer, label) in zip(answers, labels) where label != ignored {
                confusion[Int(label) * classes + Int(answer)] += 1
            }
        }
    }

    /// Counts the pixels of an image.
    public mutating func add(answers: [UInt8], labels: [UInt8], ignored: UInt8 = 255) {
        answers.withUnsafeBufferPointer { answers in
            labels.withUnsafeBufferPointer { add(answers: answers, labels: $0, ignored: ignored) }
        }
    }

    /// Adds the counts of other images.
    public static func += (counts: inout PixelCounts, other: PixelCounts) {
        for index in counts.confusion.indices { counts.confusion[index] += other.confusion[index] }
    }

    /// How many pixels of a class were taken for it.
    public func hits(_ index: Int) -> Int { confusion[index * classes + index] }
    /// How many pixels have the label of a class.
    public func labeled(_ index: Int) -> Int { confusion[index * classes..<(index + 1) * classes].reduce(0, +) }
    /// How many pixels were taken for a class.
    public func predicted(_ index: Int) -> Int {
        stride(from: index, to: confusion.count, by: classes).reduce(0) { $0 + confusion[$1] }
    }
    /// How many pixels count.
    public var total: Int { confusion.reduce(0, +) }

    private func share(_ part: Int, of whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }

    /// Intersection over union of a class (the Jaccard index); nil where neither label nor answer has it.
    public func intersectionOverUnion(_ index: Int) -> Double? {
        share(hits(index), of: labeled(index) + predicted(index) - hits(index))
    }
    /// Dice of a class over all pixels of the set: 2 intersection / (label + answer); nil where neither has it.
    public func dice(_ index: Int) -> Double? { share(2 * hits(index), of: labeled(index) + predicted(index)) }
    /// The share of a class's pixels that were taken for it; nil where no label has it.
    public func accuracy(_ index: Int) -> Double? { share(hits(index), of: labeled(index)) }
    /// The share of pixels taken for a class that are of it; nil where none was.
    public func precision(_ index: Int) -> Double? { share(hits(index), of: predicted(index)) }

    /// The share of all pixels whose class was named; nil without pixels.
    public var pixelAccuracy: Double? { share((0..<classes).reduce(0) { $0 + hits($1) }, of: total) }
    /// The mean over the classes that label or answer has.
    public var meanIoU: Double? { mean { intersectionOverUnion($0) } }
    /// The mean over the classes that have labels.
    public var meanClassAccuracy: Double? { mean { accuracy($0) } }

    /// The mean over the classes that label or answer has, the background left out.
    public func meanDice(background: Int?) -> Double? { mean { $0 == background ? nil : dice($0) } }

    /// The classes that neither label nor answer has: they are in no mean.
    public var undefined: [Int] { (0..<classes).filter { intersectionOverUnion($0) == nil } }

    private func mean(_ value: (Int) -> Double?) -> Double? {
        let values = (0..<classes).compactMap(value)
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Dice of one image as medical papers count it: the mean over the classes but the background that label or answer
    /// has; 1 where there is none of them in either.
    public func imageDice(background: Int?) -> Double { meanDice(background: background) ?? 1 }
}

extension Metric {
    /// The mean intersection over union of the classes, over the whole set.
    public static let meanIoU = Metric("meanIoU", title: "mIoU")
    /// The share of pixels whose class is named.
    public static let pixelAccuracy = Metric("pixelAccuracy", title: "pixel accuracy")
    /// The mean Dice of the classes but the background, over all pixels of the set together.
    public static let meanDice = Metric("meanDice", title: "mean Dice (pooled)")
    /// The mean over images of each image's Dice.
    public static let imageDice = Metric("imageDice", title: "mean Dice (per image)")
    /// The mean over classes of the share of their pixels that are found.
    public static let meanClassAccuracy = Metric("meanClassAccuracy", title: "mean class accuracy")
    /// The mean over classes and images of the F1 score of boundaries.
    public static let boundaryF1 = Metric("boundaryF1", title: "boundary F1")
}
