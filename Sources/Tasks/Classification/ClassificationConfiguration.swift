import Configuration
import Datasets
import Tensors

/// Images of one class each: how the data is opened, and the section `loss`.
public struct ClassificationConfiguration: TaskConfiguration {
    /// What the logits are compared with the targets by.
    public enum Kind: String, CaseIterable, Sendable {
        /// Over all classes.
        case crossEntropy
        /// Of each class by itself.
        case binaryCrossEntropy
    }

    /// The word of `task`.
    public static let name = "classification"
    /// For the reference.
    public static let summary = "one class for each image"

    /// The key `loss.kind`.
    public var kind: Kind
    /// The key `loss.classWeights`.
    public var classWeights: ClassWeights
    /// The share of a target that is spread over all classes.
    public var labelSmoothing: Double
    /// The keys `loss.mixup`, `cutmix`, `mixProbability` and `switchProbability`.
    public var mixing: Mixing
    /// Whether the temperature of probabilities is fitted to the validation images: the key `evaluation.temperature`.
    public var fitsTemperature = false
    /// The keys `data.classNames`, `data.folds` and `data.fold`.
    public var folders = FolderKeys()

    /// Reads the sections `loss` and `evaluation`, and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) {
        self = reader.section("loss", "What is minimised") { Self(section: $0) }
        folders = reader.section("data", "Images and what is done to them") { FolderKeys($0) }
        fitsTemperature = reader.section("evaluation", "How images are evaluated") {
            $0.bool(
                "temperature", default: false,
                "Fit the temperature of the probabilities to the validation images and keep it in the weights")
        }
    }

    private init(section reader: ConfigurationReader) {
        kind = reader.choice(
            "kind", default: .crossEntropy,
            "crossEntropy over the classes, or binaryCrossEntropy of each class by itself (mean over all elements)")
        classWeights = ClassWeights(reader)
        labelSmoothing = reader.double(
            "labelSmoothing", default: 0.1, in: 0...0.99, "Share of the target spread over all classes")
        let mixup = reader.double("mixup", default: 0, in: 0...100, "Parameter of mixup's beta distribution; 0 = off")
        let cutmix = reader.double(
            "cutmix", default: 0, in: 0...100, "Parameter of cutmix's beta distribution; 0 = off")
        mixing = Mixing(
            mixupAlpha: mixup, cutmixAlpha: cutmix,
            probability: reader.double(
                "mixProbability", default: 1, in: 0...1, "How often a batch is mixed at all"),
            switchProbability: reader.double(
                "switchProbability", default: 0.5, in: 0...1, "How often a mixed batch is cutmix when both are on"))
    }

    /// Plain cross-entropy.
    public init(labelSmoothing: Double = 0) {
        (kind, classWeights, self.labelSmoothing, mixing) = (.crossEntropy, .equal, labelSmoothing, Mixing())
    }

    private func options(_ request: DataRequest) -> ListOptions {
        var options = ListOptions(path: request.path)
        folders.fill(&options, request)
        return options
    }

    /// Opens a folder of class folders, files of CIFAR or IDX, a CSV file, tar files, or the embedded digits.
    /// - Throws: `DatasetError` that names the file or the folder at fault.
    public func open(_ request: DataRequest) throws -> DatasetSplits<ClassLabel> {
        try LabeledData.open(options(request), packedMegabytes: request.packedMegabytes)
    }

    /// Opens one part of such data.
    /// - Throws: `DatasetError` when there is no such part, or the data cannot be read.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<ClassLabel> {
        try LabeledData.openPart(
            options(request), choice, isTrainedOn: isTrainedOn, packedMegabytes: request.packedMegabytes)
    }

    /// One run for each of `data.folds` where `data.fold` chooses none.
    public var crossValidation: Int? { folders.crossValidation }

    /// The images of each fold.
    public func foldNames(_ request: DataRequest) throws -> [[String]] {
        var options = options(request)
        options.folds = folders.folds
        return try LabeledData.folds(options, packedMegabytes: request.packedMegabytes)
    }

    /// There must be training images of two classes.
    public func problem(_ splits: DatasetSplits<ClassLabel>, path: String) throws -> String? {
        try splits.oneClassProblem(path)
    }

    /// - Throws: `RecipeError` for a list of class weights that is as long as neither the outputs nor the classes.
    public func makeTask(
        _ vocabulary: Vocabulary, training: (any LabeledDataset)?
    ) throws -> ClassificationTask {
        ClassificationTask(
            vocabulary: vocabulary, configuration: self, dataClasses: training?.classNames.count,
            classWeights: try training.map {
                try classWeights.values(of: $0, outputs: vocabulary.classNames.count)
            } ?? [])
    }

    /// Plain cross-entropy: weights do not say what they were trained with.
    public static func task(_ vocabulary: Vocabulary) -> ClassificationTask {
        ClassificationTask(vocabulary: vocabulary, configuration: ClassificationConfiguration())
    }

    /// Labels by the names of their classes.
    public static func relabeled(
        _ dataset: any LabeledDataset, names: [String], as others: [String]
    ) throws -> (any LabeledDataset)? {
        try RelabeledDataset(dataset, names: names, as: others)
    }

    /// The class of each image.
    public static func groups(_ dataset: any LabeledDataset) throws -> [Int] { try dataset.labels() }

    /// How many images each class has.
    public static func counts(_ dataset: any LabeledDataset) throws -> [Int] { try dataset.classCounts() }

    /// Any class.
    public static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> ClassLabel { ClassLabel(random.integer(below: vocabulary.classNames.count)) }

    /// The name of the class.
    public static func caption(_ annotation: ClassLabel, _ classNames: [String]) -> String {
        classNames.indices.contains(annotation.index) ? classNames[annotation.index] : "class \(annotation.index)"
    }
}
