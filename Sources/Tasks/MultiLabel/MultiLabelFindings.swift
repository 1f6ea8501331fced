import Reporting

/// How well classes are told of which an image has any number.
public struct MultiLabelFindings: TaskFindings {
    /// One class; a figure is nil where no image has the class.
    public struct Class: Sendable, Equatable {
        /// How many images have it.
        public let images: Int
        /// How many are said to have it, at the threshold.
        public internal(set) var predicted = 0
        /// How many of those do.
        public internal(set) var right = 0
        /// From which probability on an image is said to have it.
        public let threshold: Double
        /// The threshold that has the highest F1 on these images.
        public internal(set) var bestThreshold: Double?
        /// The average precision.
        public internal(set) var averagePrecision: Double?
        /// The area under the receiver operating characteristic; nil as well where all images have the class.
        public internal(set) var auc: Double?

        /// The share of the images said to have it that do; 0 where none is said to.
        public var precision: Double? { images > 0 ? predicted > 0 ? Double(right) / Double(predicted) : 0 : nil }
        /// The share of its images that are said to have it.
        public var recall: Double? { images > 0 ? Double(right) / Double(images) : nil }
        /// The harmonic mean of both.
        public var f1: Double? { images > 0 ? 2 * Double(right) / Double(images + predicted) : nil }
    }

    /// An image, and how far the answer is off.
    public struct Mistake: Sendable, Equatable {
        /// The image's index in the data set.
        public let index: Int
        /// Its classes.
        public let actual: [Int]
        /// Those it is said to have.
        public let predicted: [Int]
        /// Its mean binary cross-entropy.
        public let loss: Double
    }

    /// The mean binary cross-entropy without weights, and the means over the classes.
    public internal(set) var scores = Scores(loss: 0, count: 0, values: [])
    /// In the order of the model's outputs.
    public internal(set) var classes: [Class]
    /// Images all of whose classes are told and no others.
    public internal(set) var exact = 0
    /// The answers that are farthest off; as many as were asked for.
    public internal(set) var mistakes: [Mistake] = []
    /// How far the mean average precision would move with other images; nil where it was not asked for.
    public internal(set) var interval: Resampling.Interval?

    /// A mean over the classes that have a figure.
    func mean(_ value: KeyPath<Class, Double?>) -> Double? {
        let values = classes.compactMap { $0[keyPath: value] }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The F1 of all answers to all questions.
    public var microF1: Double? {
        let (right, all) = classes.reduce((0, 0)) { ($0.0 + $1.right, $0.1 + $1.images + $1.predicted) }
        return all > 0 ? 2 * Double(right) / Double(all) : nil
    }

    /// The share of images all of whose classes are told and no others.
    public var exactShare: Double { Double(exact) / Double(max(1, scores.count)) }

    /// Classes that no image has; they are in no mean.
    public var absent: [Int] { classes.indices.filter { classes[$0].images == 0 } }

    mutating func keepMistakes(_ count: Int) {
        mistakes.sort { ($1.loss, $0.index) < ($0.loss, $1.index) }
        mistakes = Array(mistakes.prefix(count))
    }
}
