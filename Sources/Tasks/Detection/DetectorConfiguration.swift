// Detection: all that is about objects in boxes: keys, targets, losses, what answers mean, measures, report.

import Configuration
import Datasets
import JSON
import Models
import Tensors

/// What the configurations of detectors share: those that learn boxes, and those that learn masks as well.
public protocol DetectorConfiguration: TaskConfiguration where Task == DetectionTask {
    /// Whether masks are learnt and measured.
    static var learnsMasks: Bool { get }
    /// The keys.
    var keys: DetectorKeys { get }
    /// A configuration with these keys.
    init(keys: DetectorKeys)
}

/// The keys of detection: `loss`, `head`, `neck`, `evaluation`, and what files of objects mean in `data`.
public struct DetectionConfiguration: DetectorConfiguration {
    /// The word of `task`.
    public static let name = "detection"
    /// For the reference.
    public static let summary = "objects in boxes"
    /// No.
    public static let learnsMasks = false
    /// The keys.
    public let keys: DetectorKeys

    /// A configuration with these keys.
    public init(keys: DetectorKeys) { self.keys = keys }
    /// Reads the sections `loss`, `head`, `neck`, `evaluation`, and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) { self.init(keys: DetectorKeys(reader, masks: false)) }
}

/// The same for objects with masks, which the head must answer.
public struct InstanceConfiguration: DetectorConfiguration {
    /// The word of `task`.
    public static let name = "instances"
    /// For the reference.
    public static let summary = "objects in boxes, and the pixels of each"
    /// Yes.
    public static let learnsMasks = true
    /// The keys.
    public let keys: DetectorKeys

    /// A configuration with these keys.
    public init(keys: DetectorKeys) { self.keys = keys }
    /// Reads the sections `loss`, `head`, `neck`, `evaluation`, and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) { self.init(keys: DetectorKeys(reader, masks: true)) }
}

extension DetectorConfiguration {
    /// The head, for so many classes.
    public func head(classes: Int) -> (any HeadSpecification)? {
        var head = keys.head
        head.classes = classes
        return head
    }

    /// The pyramid.
    public var neck: (any NeckSpecification)? { keys.neck }

    /// The head's rules, the ids of the classes in their files, and how answers are read.
    public func settings(
        classNames: [String], of dataset: (any AnnotatedDataset<LocatedInstances>)?, model: ModelSpecification,
        size: Pair
    ) -> JSONValue {
        var head = (model.head as? any DetectorHeadSpecification) ?? keys.head
        head.classes = classNames.count
        let strides = (try? model.headTaps(height: size.height, width: size.width))?.map(\.stride) ?? []
        var settings = DetectionSettings(head: head, strides: strides, limits: keys.limits)
        if let dataset {
            let categories = DetectionCategories(of: dataset)
            if categories.count == classNames.count { settings.categories = categories.identifiers }
        }
        return settings.json
    }

    /// Opens COCO, YOLO or Pascal VOC files, or the scenes of digits.
    public func open(_ request: DataRequest) throws -> DatasetSplits<LocatedInstances> {
        try DetectionData.open(try options(request))
    }

    private func options(_ request: DataRequest) throws -> DetectionDataOptions {
        try request.refuseDigits(expecting: "COCO, YOLO or Pascal VOC files")
        return keys.data.options(request, masks: Self.learnsMasks)
    }

    /// Opens one part of such data.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<LocatedInstances> {
        try DetectionData.openPart(try options(request), choice, isTrainedOn: isTrainedOn)
    }

    /// One run for each of `data.folds` where `data.fold` chooses none.
    public var crossValidation: Int? { keys.data.folders.crossValidation }

    /// The images of each fold.
    public func foldNames(_ request: DataRequest) throws -> [[String]] {
        var options = keys.data.options(request, masks: Self.learnsMasks)
        options.folds = keys.data.folders.folds
        return try DetectionData.folds(options)
    }

    /// - Throws: `RecipeError` where the settings are of no detector that this program knows.
    public func makeTask(
        _ vocabulary: Vocabulary, training: (any AnnotatedDataset<LocatedInstances>)?
    ) throws -> DetectionTask {
        try DetectionTask(vocabulary, keys: keys.loss, learnsMasks: Self.learnsMasks)
    }

    /// The losses of the head's style, images evaluated as the weights say.
    public static func task(_ vocabulary: Vocabulary) throws -> DetectionTask {
        try DetectionTask(vocabulary, keys: DetectorLossKeys(), learnsMasks: learnsMasks)
    }

    /// No: what an answer means is its head's.
    public static var answersAreAlike: Bool { false }

    /// Settings must be those of the model's head: rules of other anchors or classes would read its answer wrongly.
    public static func contradiction(_ vocabulary: Vocabulary, _ model: ModelSpecification, size: Pair) -> String? {
        do {
            let settings = try DetectionSettings(vocabulary.settings, classes: vocabulary.classNames.count)
            if learnsMasks, !settings.head.answersMasks {
                return "the weights are of the task \(name), but their head says nothing of masks"
            }
            return settings.contradiction(model, size: size)
        } catch { return "\(error)" }
    }

    /// Objects by the names of their classes.
    public static func relabeled(
        _ dataset: any AnnotatedDataset<LocatedInstances>, names: [String], as others: [String]
    ) throws -> (any AnnotatedDataset<LocatedInstances>)? {
        RelabeledInstances(dataset, names: names, as: others)
    }
}
