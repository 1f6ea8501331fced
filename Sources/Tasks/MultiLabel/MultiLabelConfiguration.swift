import Configuration
import Datasets
import JSON
import Models
import Tensors

/// Images of any number of classes each: the section `loss`, and the task's keys of `data`.
public struct MultiLabelConfiguration: TaskConfiguration {
    /// The word of `task`.
    public static let name = "multiLabel"
    /// For the reference.
    public static let summary = "any number of classes for each image"

    /// The key `loss.classWeights`.
    private let classWeights: ClassWeightWords
    /// The keys `data.classNames`, `data.folds` and `data.fold`.
    private var folders = FolderKeys()

    /// Reads the section `loss` and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) {
        classWeights = reader.section("loss", "What is minimised") { reader in
            ClassWeightWords(
                reader,
                "How much it counts in the binary cross-entropy that an image has a class: none, balanced (images without it "
                    + "over images with it), or a list of numbers; absence counts as 1")
        }
        folders = reader.section("data", "Images and what is done to them") { FolderKeys($0) }
    }

    /// Plain binary cross-entropy.
    init() { classWeights = .equal }

    private func options(_ request: DataRequest) throws -> ListOptions {
        try request.refuseEmbedded(expecting: ClassSet.expectedColumns)
        var options = ListOptions(path: request.path)
        folders.fill(&options, request)
        return options
    }

    /// Opens a CSV file or tar files.
    public func open(_ request: DataRequest) throws -> DatasetSplits<ClassSet> {
        try ListedData.open(try options(request), of: ClassSet.self)
    }

    /// Opens one part of such data.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<ClassSet> {
        try ListedData.openPart(try options(request), of: ClassSet.self, choice, isTrainedOn: isTrainedOn)
    }

    /// One run for each of `data.folds` where `data.fold` chooses none.
    public var crossValidation: Int? { folders.crossValidation }

    /// The images of each fold.
    public func foldNames(_ request: DataRequest) throws -> [[String]] {
        var options = try options(request)
        options.folds = folders.folds
        return try ListedData.folds(options, of: ClassSet.self)
    }

    /// Some image must have a class, and some image must lack it.
    public func problem(_ splits: DatasetSplits<ClassSet>, path: String) throws -> String? {
        if splits.classNames.isEmpty { return "\(path): no training image has a class, so there is nothing to learn" }
        let counts = try Self.counts(splits.train)
        guard counts.allSatisfy({ $0 == 0 || $0 == splits.train.count }) else { return nil }
        return "\(path): all training images have the same classes, so there is nothing to learn"
    }

    /// - Throws: `RecipeError` for a list of class weights of another length.
    public func makeTask(
        _ vocabulary: Vocabulary, training: (any AnnotatedDataset<ClassSet>)?
    ) throws -> MultiLabelTask {
        MultiLabelTask(vocabulary: vocabulary, classWeights: try weights(vocabulary, training))
    }

    private func weights(_ vocabulary: Vocabulary, _ training: (any AnnotatedDataset<ClassSet>)?) throws -> [Float] {
        guard let training else { return [] }
        let rest = vocabulary.classNames.count - training.classNames.count
        switch classWeights {
        case .equal: return []
        case .list(let values):
            guard values.count == training.classNames.count else {
                throw RecipeError(
                    "loss.classWeights has \(values.count) entries, but the data has \(training.classNames.count) classes"
                )
            }
            return values.map { Float($0) } + Array(repeating: 1, count: rest)
        case .balanced:
            let counts = try Self.counts(training)
            return counts.map { $0 > 0 ? Float(training.count - $0) / Float($0) : 1 } + Array(repeating: 1, count: rest)
        }
    }

    /// Plain binary cross-entropy, with the thresholds that go with the weights.
    public static func task(_ vocabulary: Vocabulary) -> MultiLabelTask { MultiLabelTask(vocabulary: vocabulary) }

    /// There is a threshold for each class, or none at all.
    public static func contradiction(_ vocabulary: Vocabulary, _ model: ModelSpecification, size: Pair) -> String? {
        guard let saved = vocabulary.settings["thresholds"] else { return nil }
        let thresholds = (saved.arrayValue ?? []).compactMap(\.doubleValue)
        let isSound =
            thresholds.count == vocabulary.classNames.count && thresholds.count == saved.arrayValue?.count
            && thresholds.allSatisfy { 0...1 ~= $0 }
        return isSound
            ? nil
            : "the weights' thresholds are damaged, expected \(vocabulary.classNames.count) numbers from 0 to 1"
    }

    /// Classes by their names.
    public static func relabeled(
        _ dataset: any AnnotatedDataset<ClassSet>, names: [String], as others: [String]
    ) throws -> (any AnnotatedDataset<ClassSet>)? {
        try RelabeledSets(dataset, names: names, as: others)
    }

    /// How many images have each class.
    public static func counts(_ dataset: any AnnotatedDataset<ClassSet>) throws -> [Int] {
        var counts = [Int](repeating: 0, count: dataset.classNames.count)
        for index in 0..<dataset.count {
            for label in try dataset.annotation(index).indices { counts[label] += 1 }
        }
        return counts
    }

    /// Each class with a chance of a half.
    public static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> ClassSet { ClassSet(vocabulary.classNames.indices.filter { _ in random.chance(0.5) }) }

    /// The names of the classes.
    public static func caption(_ annotation: ClassSet, _ classNames: [String]) -> String {
        annotation.indices.isEmpty
            ? "no class"
            : annotation.indices.map { classNames.indices.contains($0) ? classNames[$0] : "class \($0)" }
                .joined(separator: " ")
    }
}

extension DataRequest {
    /// What the program brings along says one class of an image, or none.
    /// - Parameter columns: what a list says instead.
    func refuseEmbedded(expecting columns: String) throws(DatasetError) {
        guard EmbeddedData.holds(path) else { return }
        throw DatasetError(
            path,
            "the embedded data says nothing of the kind of its images, expected data.path: a CSV file with the columns "
                + "\(columns), or tar files that say the same")
    }
}
