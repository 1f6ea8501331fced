import Configuration
import Datasets
import JSON
import Models
import Tensors

/// The keys of segmentation: `loss`, `head`, `neck`, `evaluation`, and what masks mean in `data`.
public struct SegmentationConfiguration: TaskConfiguration {
    /// What is minimised over the pixels.
    public enum Kind: String, CaseIterable, Sendable {
        /// Over all pixels that count.
        case crossEntropy
        /// Cross-entropy that counts pixels the less the surer they are right.
        case focal
        /// Cross-entropy over the pixels that are not sure yet (online hard example mining).
        case hardExamples
        /// Of the second of two classes by itself.
        case binary
    }

    /// The word of `task`.
    public static let name = "segmentation"
    /// For the reference.
    public static let summary = "a class for each pixel"

    /// The key `loss.kind`.
    public var kind = Kind.crossEntropy
    /// The key `loss.classWeights`.
    public var classWeights = PixelClassWeights.equal
    /// The share of a target that is spread over all classes.
    public var labelSmoothing = 0.0
    /// How strongly sure pixels are passed over by `focal`.
    public var focalGamma = 2.0
    /// Below which probability of its class a pixel is a hard one, and the least share of pixels that are.
    public var hard = (threshold: 0.7, share: 0.0625)
    /// The weight of soft Dice and of the Lovász loss beside the loss of the pixels, and of an auxiliary head's loss.
    public var weights = (dice: 0.0, lovasz: 0.0, auxiliary: 0.4)
    /// What masks mean.
    public var masks = MaskKeys()
    /// The key `head`.
    public var headSpecification: any HeadSpecification
    /// The key `neck`, where the head needs one.
    public var neck: (any NeckSpecification)?
    /// The key `evaluation`.
    public var evaluation = SegmentationSettings()
    /// The key `evaluation.boundary`, in pixels; 0 measures no boundaries.
    public var boundaryTolerance = 0

    var hardThreshold: Double { hard.threshold }
    var hardShare: Double { hard.share }
    var diceWeight: Double { weights.dice }
    var lovaszWeight: Double { weights.lovasz }
    var auxiliaryWeight: Double { weights.auxiliary }

    /// Reads the sections `loss`, `head`, `neck`, `evaluation`, and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) {
        let parts = DenseHead.read(reader)
        (headSpecification, neck) = (parts.head, parts.neck)
        masks = reader.section("data", "Images and what is done to them") { MaskKeys($0) }
        reader.section("loss", "What is minimised") { readLoss($0) }
        reader.section("evaluation", "How images are evaluated") { readEvaluation($0) }
    }

    /// Plain cross-entropy, and images evaluated as a whole.
    init(head: any HeadSpecification, neck: (any NeckSpecification)? = nil) {
        (headSpecification, self.neck) = (head, neck)
    }

    private mutating func readLoss(_ reader: ConfigurationReader) {
        kind = reader.choice(
            "kind", default: .crossEntropy,
            "Of each pixel: crossEntropy, focal, hardExamples (cross-entropy over the pixels that are not sure yet), or "
                + "binary (of the second of two classes)")
        classWeights = PixelClassWeights(reader)
        labelSmoothing = reader.double(
            "labelSmoothing", default: 0, in: 0...0.99, "Share of the target spread over all classes")
        focalGamma = reader.double("focalGamma", default: 2, in: 0...10, "How strongly focal passes over sure pixels")
        hard.threshold = reader.double(
            "hardThreshold", default: 0.7, in: 0...1, "Pixels whose class is less probable than this are hard ones")
        hard.share = reader.double(
            "hardShare", default: 0.0625, in: 0...1, "The least share of a batch's pixels that counts as hard")
        weights.dice = reader.double("dice", default: 0, in: 0...1000, "Weight of soft Dice beside it")
        weights.lovasz = reader.double(
            "lovasz", default: 0, in: 0...1000, "Weight of the Lovász-softmax loss beside it")
        weights.auxiliary = reader.double(
            "auxiliary", default: 0.4, in: 0...1000, "Weight of the auxiliary head's loss, where the head has one")
        if kind != .crossEntropy, labelSmoothing > 0 {
            reader.problem("labelSmoothing", "belongs to loss.kind: crossEntropy, but the kind is \(kind.rawValue)")
        }
    }

    private mutating func readEvaluation(_ reader: ConfigurationReader) {
        evaluation.mode = reader.choice(
            "mode", default: .whole, "whole gives the model all of an image, slide one window after the other")
        func pair(_ key: String, _ value: Pair, _ summary: String) -> Pair {
            let sides = reader.ints(
                key, default: [value.height, value.width], in: 1...8192, count: 1...2, summary)
            return sides.count == 1 ? Pair(sides[0]) : Pair(sides[0], sides[1])
        }
        evaluation.window = pair("window", Pair(512), "[height, width] of the windows of slide, in pixels")
        evaluation.stride = pair("stride", Pair(341), "[down, right] from one window to the next, in pixels")
        evaluation.scales = reader.doubles(
            "scales", default: [1], in: 0.1...8, count: 1...16,
            "Sizes at which an image is asked about, the probabilities averaged")
        evaluation.flip = reader.bool(
            "flip", default: false, "Ask about the mirrored image as well, the probabilities averaged")
        let fit = reader.optionalInts(
            "fit", in: 1...8192, count: 2...2,
            "[long, short]: images are brought into a box of this size first, their ratio kept; answers are of the image's "
                + "own size all the same")
        if let fit, fit.count == 2 { evaluation.fit = Pair(max(fit[0], fit[1]), min(fit[0], fit[1])) }
        boundaryTolerance = reader.int(
            "boundary", default: 0, in: 0...100,
            "Also measure the F1 score of boundaries within so many pixels; 0 does not")
        if evaluation.stride.height > evaluation.window.height || evaluation.stride.width > evaluation.window.width {
            reader.problem(
                "stride",
                "found \(evaluation.stride), expected at most the window, \(evaluation.window), so that no pixel "
                    + "is left out")
        }
    }

    /// The head, for so many classes.
    public func head(classes: Int) -> (any HeadSpecification)? {
        var head = headSpecification
        head.classes = classes
        return head
    }

    /// How images are evaluated, and which class is the background.
    public func settings(classNames: [String]) -> JSONValue {
        var settings = evaluation
        settings.background = masks.background.flatMap { classNames.firstIndex(of: $0) }
        if let colors = masks.colors, colors.count == classNames.count { settings.colors = colors }
        return settings.json
    }
}

extension SegmentationConfiguration {
    /// Opens folders of images and masks, or the scenes of digits.
    public func open(_ request: DataRequest) throws -> DatasetSplits<Mask> {
        try SegmentationData.open(try options(request))
    }

    private func options(_ request: DataRequest) throws -> SegmentationDataOptions {
        try request.refuseDigits(expecting: "images and masks")
        return masks.options(request)
    }

    /// Opens one part of such data.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<Mask> {
        try SegmentationData.openPart(try options(request), choice, isTrainedOn: isTrainedOn)
    }

    /// One run for each of `data.folds` where `data.fold` chooses none.
    public var crossValidation: Int? { masks.folders.crossValidation }

    /// The images of each fold.
    public func foldNames(_ request: DataRequest) throws -> [[String]] {
        var options = masks.options(request)
        options.folds = masks.folders.folds
        return try SegmentationData.folds(options)
    }

    /// A background that is none of the classes cannot be left out of the means.
    public func problem(_ splits: DatasetSplits<Mask>, path: String) throws -> String? {
        if let background = masks.background, !splits.classNames.contains(background) {
            return
                "data.background is \(background), which is no class of \(path), expected one of "
                + splits.classNames.prefix(20).joined(separator: ", ")
        }
        if kind == .binary, splits.classNames.count != 2 {
            return
                "loss.kind is binary, but \(path) has \(splits.classNames.count) classes, expected 2 (crossEntropy is for more)"
        }
        return splits.classNames.count < 2 ? "\(path): there is nothing to learn from a single class" : nil
    }

    /// - Throws: `RecipeError` for a list of class weights of another length.
    public func makeTask(
        _ vocabulary: Vocabulary, training: (any AnnotatedDataset<Mask>)?
    ) throws -> SegmentationTask {
        let classes = vocabulary.classNames.count
        return SegmentationTask(
            vocabulary: vocabulary, configuration: self,
            settings: try SegmentationSettings(vocabulary.settings, classes: classes),
            classWeights: try classWeights.values(training, classes: classes))
    }

    /// Plain cross-entropy, images evaluated as the weights say.
    public static func task(_ vocabulary: Vocabulary) throws -> SegmentationTask {
        let classes = vocabulary.classNames.count
        return SegmentationTask(
            vocabulary: vocabulary, configuration: SegmentationConfiguration(head: DenseHead.any(classes)),
            settings: try SegmentationSettings(vocabulary.settings, classes: classes))
    }

    /// Masks by the names of their classes.
    public static func relabeled(
        _ dataset: any AnnotatedDataset<Mask>, names: [String], as others: [String]
    ) throws -> (any AnnotatedDataset<Mask>)? {
        try RelabeledMasks(dataset, names: names, as: others)
    }

    /// In how many images each class is.
    public static func counts(_ dataset: any AnnotatedDataset<Mask>) throws -> [Int] {
        var counts = [Int](repeating: 0, count: dataset.classNames.count)
        for index in 0..<dataset.count {
            for label in try dataset.annotation(index).present where Int(label) < counts.count {
                counts[Int(label)] += 1
            }
        }
        return counts
    }

    /// Squares of random classes.
    public static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> Mask {
        let classes = vocabulary.classNames.count
        let cells = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.integer(below: classes)) }
        let labels = (0..<height * width).map { cells[$0 / width * 8 / height * 8 + $0 % width * 8 / width] }
        return Mask(size: Pair(height, width), labels: labels)
    }

    /// The classes that are there.
    public static func caption(_ annotation: Mask, _ classNames: [String]) -> String {
        annotation.present.map { classNames.indices.contains(Int($0)) ? classNames[Int($0)] : "\($0)" }
            .joined(separator: " ")
    }
}

extension Mask {
    /// The classes that are there, in order, without the ignored label.
    var present: [UInt8] {
        var isThere = [Bool](repeating: false, count: 256)
        for label in labels { isThere[Int(label)] = true }
        return (UInt8.min...UInt8.max).filter { isThere[Int($0)] && $0 != ignored }
    }
}
