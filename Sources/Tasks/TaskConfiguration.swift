import Configuration
import Datasets
import JSON
import Models
import Tensors

/// What a configuration says about a task, before the data is known: how its data is opened, and the task itself once
/// it is.
public protocol TaskConfiguration: Sendable {
    /// What is learnt as this configuration says.
    associatedtype Task: LearningTask

    /// The word of `task` in a configuration.
    static var name: String { get }
    /// What the task is, for the reference, in a few words.
    static var summary: String { get }

    /// Reads the task's keys: its section `loss`, which is read even where it is empty.
    init(_ reader: ConfigurationReader)

    /// How many numbers the model answers with, where the task and not the data decides; a `model.classes` that says
    /// otherwise is refused.
    var outputs: Int? { get }
    /// How many classes the data that the program brings along has for the task; by default as the data says.
    static func classes(of data: EmbeddedData) -> Int
    /// How many classes are assumed where neither the configuration nor data that is open tells; nil, as by default, for as many
    /// as the model was published with.
    static var usualClasses: Int? { get }
    /// The head that answers, for so many classes; nil for a classifier's in the form of the model's family, whose answer
    /// is one row of numbers for each image.
    func head(classes: Int) -> (any HeadSpecification)?
    /// What stands between backbone and head; nil, as by default, for nothing.
    var neck: (any NeckSpecification)? { get }
    /// The size of the model's input and its channels, where the task and not the data decides; nil, as by default, for the
    /// data's.
    var input: (size: Pair, channels: Int)? { get }
    /// The transforms as the task needs them; by default as the section `data` asks for them.
    /// - Throws: `RecipeError` for what the task has no use of.
    func adapted(_ plan: TransformPlan) throws -> TransformPlan
    /// What goes with the weights beside the classes' names, and comes back in `Vocabulary.settings` where they are used;
    /// null, as by default, for nothing.
    func settings(classNames: [String]) -> JSONValue
    /// The same where more is known than the classes, for tasks whose settings tell more; by default the same.
    /// - Parameters:
    ///   - dataset: the images that are learnt from, where there are any.
    ///   - model: the model, and the size of its input.
    func settings(
        classNames: [String], of dataset: (any AnnotatedDataset<Task.Annotation>)?, model: ModelSpecification,
        size: Pair
    ) -> JSONValue

    /// Opens the data and splits it.
    /// - Throws: `DatasetError` that names the file or the folder at fault.
    func open(_ request: DataRequest) throws -> DatasetSplits<Task.Annotation>
    /// Opens one part of the data alone, to measure it.
    func openPart(_ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool) throws
        -> DatasetPart<Task.Annotation>
    /// Why nothing can be learnt from the data, one sentence, or nil.
    func problem(_ splits: DatasetSplits<Task.Annotation>, path: String) throws -> String?

    /// How many runs cross-validation takes, one for each part of the images; nil, as by default, for a single run.
    var crossValidation: Int? { get }
    /// The key that says which part is tested, from 1.
    var crossValidationKey: String { get }
    /// The names of the images of each part.
    func foldNames(_ request: DataRequest) throws -> [[String]]

    /// The task.
    /// - Parameter training: the images that are learnt from, which weights of classes are taken of; nil where nothing is
    ///   learnt.
    /// - Throws: `RecipeError` where the data does not fit what the configuration says.
    func makeTask(_ vocabulary: Vocabulary, training: (any AnnotatedDataset<Task.Annotation>)?) throws -> Task
    /// The task of weights, of which nothing but the vocabulary is known.
    static func task(_ vocabulary: Vocabulary) throws -> Task

    /// Why what goes with weights contradicts the model that they are of, one sentence; nil, as by default, where it does not.
    /// - Parameters:
    ///   - vocabulary: with the settings that go with the weights.
    ///   - size: of the model's input.
    static func contradiction(_ vocabulary: Vocabulary, _ model: ModelSpecification, size: Pair) -> String?

    /// A data set whose annotations count in other names, matched by name; nil when one of its own names is in use and
    /// none of the others.
    static func relabeled(
        _ dataset: any AnnotatedDataset<Task.Annotation>, names: [String], as others: [String]
    ) throws -> (any AnnotatedDataset<Task.Annotation>)?
    /// The group of each image, for epochs that show every group equally often.
    static func groups(_ dataset: any AnnotatedDataset<Task.Annotation>) throws -> [Int]
    /// How many images (or objects) each class has.
    static func counts(_ dataset: any AnnotatedDataset<Task.Annotation>) throws -> [Int]
    /// Whether `counts` are of objects, of which an image has any number, and not of images.
    static var countsObjects: Bool { get }
    /// What else there is to tell of a part of the data; nil, as by default, for nothing.
    func details(_ dataset: any AnnotatedDataset<Task.Annotation>) throws -> DataDetails?
    /// What is said of an image as an image of its own, as other programs read it; nil, as by default, for none.
    static func picture(of annotation: Task.Annotation) -> Image?
    /// What is said of all images of a part as a file that other programs read, for tasks whose annotations are no
    /// pictures; nil, as by default, for none.
    /// - Parameter files: the name of each image's file.
    static func annotationFile(
        of dataset: any AnnotatedDataset<Task.Annotation>, files: [String]
    ) throws -> JSONValue?
    /// Whether images are evaluated in their own size, so that nothing of them is cut off; no by default.
    static var evaluatesWholeImages: Bool { get }
    /// Whether answers are scores of classes, of images or of places in them; yes by default. Without, there are no classes to
    /// count, and losses of distillation that compare such scores are refused.
    static var answersWithClasses: Bool { get }
    /// Whether the answers of any two models of the task mean the same, so that a student's and a teacher's can be compared and
    /// measured alike; yes by default. Those of detectors are their heads' own.
    static var answersAreAlike: Bool { get }
    /// Whether images that would be cut to the input's shape are brought into its upper left corner as a whole instead; no by
    /// default.
    static var fitsWholeImages: Bool { get }
    /// What might be said of an image, for measurements of speed on random images.
    static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> Task.Annotation
    /// What is written below an image.
    static func caption(_ annotation: Task.Annotation, _ classNames: [String]) -> String
}

extension TaskConfiguration {
    /// As many as the data has classes.
    public var outputs: Int? { nil }
    /// As the data says.
    public static func classes(of data: EmbeddedData) -> Int { data.classes }
    /// As many as the model was published with.
    public static var usualClasses: Int? { nil }
    /// The classifier of the model's family.
    public func head(classes: Int) -> (any HeadSpecification)? { nil }
    /// Nothing.
    public var neck: (any NeckSpecification)? { nil }
    /// Those of the data.
    public var input: (size: Pair, channels: Int)? { nil }
    /// As they are.
    public func adapted(_ plan: TransformPlan) throws -> TransformPlan { plan }
    /// Nothing.
    public func settings(classNames: [String]) -> JSONValue { .null }
    /// Those of the classes.
    public func settings(
        classNames: [String], of dataset: (any AnnotatedDataset<Task.Annotation>)?, model: ModelSpecification,
        size: Pair
    ) -> JSONValue { settings(classNames: classNames) }

    /// One of the parts that `open` gives: the test part, or else the validation part, where none is chosen.
    /// - Throws: `DatasetError` when there is no such part, or the data cannot be read.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<Task.Annotation> {
        let splits = try open(request)
        let choice = choice ?? (splits.test != nil ? .test : .validation)
        let part: (any AnnotatedDataset<Task.Annotation>)? =
            switch choice {
            case .train: splits.train
            case .validation: splits.validation
            case .test: splits.test
            case .all: nil
            }
        guard let part else { throw DatasetError(request.path, "there is no \(choice.rawValue) part") }
        return DatasetPart(dataset: part, choice: choice, format: splits.format, notices: splits.notices)
    }

    /// None.
    public static func contradiction(_ vocabulary: Vocabulary, _ model: ModelSpecification, size: Pair) -> String? {
        nil
    }

    /// A single run.
    public var crossValidation: Int? { nil }
    /// `data.fold`.
    public var crossValidationKey: String { "data.fold" }
    /// None.
    public func foldNames(_ request: DataRequest) throws -> [[String]] { [] }

    /// Nothing is wrong.
    public func problem(_ splits: DatasetSplits<Task.Annotation>, path: String) throws -> String? { nil }

    /// nil: annotations are not translated.
    public static func relabeled(
        _ dataset: any AnnotatedDataset<Task.Annotation>, names: [String], as others: [String]
    ) throws -> (any AnnotatedDataset<Task.Annotation>)? { nil }

    /// All images are of one group.
    public static func groups(_ dataset: any AnnotatedDataset<Task.Annotation>) throws -> [Int] {
        Array(repeating: 0, count: dataset.count)
    }

    /// Images are counted.
    public static var countsObjects: Bool { false }

    /// Every class counts as in every image.
    public static func counts(_ dataset: any AnnotatedDataset<Task.Annotation>) throws -> [Int] {
        Array(repeating: dataset.count, count: dataset.classNames.count)
    }

    /// Nothing.
    public func details(_ dataset: any AnnotatedDataset<Task.Annotation>) throws -> DataDetails? { nil }

    /// None.
    public static func picture(of annotation: Task.Annotation) -> Image? { nil }

    /// None.
    public static func annotationFile(
        of dataset: any AnnotatedDataset<Task.Annotation>, files: [String]
    ) throws -> JSONValue? { nil }

    /// No.
    public static var evaluatesWholeImages: Bool { false }

    /// Yes.
    public static var answersWithClasses: Bool { true }

    /// Whether answers are classes of places in an image, as those of segmentation and detection are.
    package static var answersAboutPlaces: Bool { evaluatesWholeImages && answersWithClasses }

    /// Yes.
    public static var answersAreAlike: Bool { true }

    /// No.
    public static var fitsWholeImages: Bool { false }

    /// Nothing.
    public static func caption(_ annotation: Task.Annotation, _ classNames: [String]) -> String { "" }
}

/// What is asked of data.
public struct DataRequest: Sendable {
    /// A folder, or the word of data that the program brings along.
    public var path: String
    /// How the validation images are chosen.
    public var validation: ValidationSource
    /// The run's seed, which chooses them.
    public var seed: UInt64
    /// What is done about images that cannot be read; nil does not look for them.
    public var onBroken: BrokenImages.Policy?
    /// Memory for files whose images are all held in it.
    public var packedMegabytes: Int

    /// - Parameters:
    ///   - path: a folder, or the word of data that the program brings along.
    ///   - validation: how the validation images are chosen, by the seed.
    ///   - onBroken: what is done about images that cannot be read; nil does not look for them.
    ///   - packedMegabytes: memory for files whose images are all held in it.
    public init(
        path: String, validation: ValidationSource = .automatic, seed: UInt64 = 0,
        onBroken: BrokenImages.Policy? = .fail, packedMegabytes: Int = PackedBudget.defaultMegabytes
    ) {
        self.path = path
        self.validation = validation
        self.seed = seed
        self.onBroken = onBroken
        self.packedMegabytes = packedMegabytes
    }
}
