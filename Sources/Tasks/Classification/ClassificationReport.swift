import Tensors

/// What is known of a classifier beyond its accuracy: figures of each class, their means over the classes, and whether
/// its probabilities can be believed.
public struct ClassificationReport: Sendable {
    /// One class against all others; a figure is nil where it is not defined.
    public struct Class: Sendable, Equatable {
        /// Images of the class.
        public let images: Int
        /// Images that were taken for it.
        public let predicted: Int
        /// The share of the images taken for it that are of it; 0 where none was taken for it.
        public let precision: Double?
        /// The share of its images that were taken for it.
        public let recall: Double?
        /// The harmonic mean of both.
        public let f1: Double?
        /// The area under the receiver operating characteristic: how often an image of the class has a higher
        /// probability for it than an image of another class; ties count half.
        public internal(set) var auc: Double?
    }

    /// In the order of the model's outputs. A class without images has no figures and is in no mean.
    public internal(set) var classes: [Class]
    /// The expected calibration error, a share of 1; nil where probabilities are not known.
    public private(set) var calibrationError: Double?
    /// How far figures would move with other images; nil where probabilities were not asked for.
    public private(set) var resampling: Resampling?

    /// - Parameters:
    ///   - confusion: [true class][predicted class], counts.
    ///   - calibration: of the same images.
    ///   - scores: of the same images; nil leaves out areas under curves.
    package init(confusion: [[Int]], calibration: Calibration = Calibration(), scores: PredictionScores? = nil) {
        calibrationError = calibration.error
        classes = confusion.indices.map { index in
            let images = confusion[index].reduce(0, +)
            let predicted = confusion.reduce(0) { $0 + $1[index] }
            guard images > 0 else {
                return Class(images: 0, predicted: predicted, precision: nil, recall: nil, f1: nil)
            }
            let right = Double(confusion[index][index])
            return Class(
                images: images, predicted: predicted, precision: predicted > 0 ? right / Double(predicted) : 0,
                recall: right / Double(images), f1: 2 * right / Double(images + predicted))
        }
        guard let scores else { return }
        resampling = Resampling(confusion: confusion)
        let areas = scores.areas(classes: classes.count)
        for index in classes.indices where classes[index].images > 0 { classes[index].auc = areas[index] }
    }

    /// The classes without images.
    public var absent: [Int] { classes.indices.filter { classes[$0].images == 0 } }

    /// The mean precision of the classes that have images.
    public var macroPrecision: Double? { mean(\.precision) }
    /// The same as the balanced accuracy.
    public var macroRecall: Double? { mean(\.recall) }
    /// The mean F1 of the classes that have images.
    public var macroF1: Double? { mean(\.f1) }
    /// Each class against the rest.
    public var macroAUC: Double? { mean(\.auc) }

    private func mean(_ value: KeyPath<Class, Double?>) -> Double? {
        let values = classes.compactMap { $0[keyPath: value] }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

/// The probabilities of many predictions, as far as figures of a whole data set are made of them.
package struct PredictionScores: Sendable {
    /// More numbers than this (half a gigabyte) are not kept.
    package static let mostValues = 1 << 27

    /// [image][class], or empty where they are too many.
    private var probabilities: [Float] = []
    private var labels: [Int32] = []
    private let classes: Int
    /// Whether probabilities are kept, which areas under curves need.
    package let keepsAll: Bool

    package init(classes: Int, images: Int) {
        self.classes = classes
        keepsAll =
            images.multipliedReportingOverflow(by: classes).overflow ? false : images * classes <= Self.mostValues
        if keepsAll { probabilities.reserveCapacity(images * classes) }
    }

    /// Takes the probabilities of one image.
    package mutating func add(label: Int, _ values: [Float]) {
        guard keepsAll else { return }
        probabilities += values
        labels.append(Int32(label))
    }

    /// The area under the curve of each class against the rest; nil where there are no images of the class or none of
    /// others.
    func areas(classes: Int) -> [Double?] {
        guard keepsAll, classes == self.classes, !labels.isEmpty else {
            return Array(repeating: nil, count: classes)
        }
        let areas = UnsafeMutablePointer<Double>.allocate(capacity: classes)
        defer { areas.deallocate() }
        parallelFor(classes, grain: 1) { range in
            for index in range { areas[index] = area(of: index) ?? .nan }
        }
        return (0..<classes).map { areas[$0].isNaN ? nil : areas[$0] }
    }

    private func area(of wanted: Int) -> Double? {
        BinaryRanking(
            labels.indices.lazy.map { (probabilities[$0 * classes + wanted], Int(labels[$0]) == wanted) }
        ).area
    }
}
