import Configuration
import Datasets
import JSON
import Models
import Tensors

/// Images with numbers: the section `loss`, and the task's keys of `data`.
public struct RegressionConfiguration: TaskConfiguration {
    /// What is minimised over the targets, each by its deviation over the training images.
    public enum Kind: String, CaseIterable, Sendable {
        /// The mean of the squared differences.
        case mse
        /// Half the squared differences up to delta, beyond it delta times what is left (Huber, 1964).
        case huber
        /// The mean of the absolute differences.
        case l1
    }

    /// The word of `task`.
    public static let name = "regression"
    /// For the reference.
    public static let summary = "numbers for each image"

    /// The key `loss.kind`.
    public var kind = Kind.mse
    /// The key `loss.delta`, in deviations.
    public var delta = 1.0
    /// The key `data.targets`: the columns of numbers in order; nil for all.
    public var targets: [String]?
    /// The keys `data.folds` and `data.fold`.
    private var folders = FolderKeys()

    /// Reads the section `loss` and the task's keys of `data`.
    public init(_ reader: ConfigurationReader) {
        reader.section("data", "Images and what is done to them") { reader in
            folders = FolderKeys(reader)
            targets = reader.optionalStrings(
                "targets",
                "The columns of numbers that are learnt, in order; all but image, part and weight when absent")
            if let targets, targets.isEmpty || Set(targets).count < targets.count || targets.contains("") {
                reader.problem("targets", "found no name, an empty one or the same twice, expected different names")
            }
        }
        reader.section("loss", "What is minimised") { reader in
            kind = reader.choice(
                "kind", default: .mse,
                "Of the targets over their deviation: mse, huber (squares up to delta, straight beyond), or l1")
            delta = reader.double(
                "delta", default: 1, in: 1e-3...1000, "Where huber becomes straight, in deviations of a target")
        }
    }

    /// Squared differences.
    init() {}

    private func options(_ request: DataRequest) throws -> ListOptions {
        try request.refuseEmbedded(expecting: Quantities.expectedColumns)
        var options = ListOptions(path: request.path)
        folders.fill(&options, request)
        options.columns = targets
        return options
    }

    /// Opens a CSV file or tar files.
    public func open(_ request: DataRequest) throws -> DatasetSplits<Quantities> {
        try ListedData.open(try options(request), of: Quantities.self)
    }

    /// Opens one part of such data.
    public func openPart(
        _ request: DataRequest, _ choice: PartChoice?, isTrainedOn: Bool
    ) throws -> DatasetPart<Quantities> {
        try ListedData.openPart(try options(request), of: Quantities.self, choice, isTrainedOn: isTrainedOn)
    }

    /// One run for each of `data.folds` where `data.fold` chooses none.
    public var crossValidation: Int? { folders.crossValidation }

    /// The images of each fold.
    public func foldNames(_ request: DataRequest) throws -> [[String]] {
        var options = try options(request)
        options.folds = folders.folds
        return try ListedData.folds(options, of: Quantities.self)
    }

    /// Every target must differ between training images.
    public func problem(_ splits: DatasetSplits<Quantities>, path: String) throws -> String? {
        let values = try (0..<splits.train.count).map { try splits.train.annotation($0).values }
        for (target, name) in splits.classNames.enumerated() {
            guard let first = values.first?[target], values.allSatisfy({ $0[target] == first }) else { continue }
            return
                "\(path): '\(name)' is \(first) in all training images, so there is nothing to learn (data.targets "
                + "chooses the columns)"
        }
        return nil
    }

    /// The targets' means and deviations over the training images.
    public func settings(
        classNames: [String], of dataset: (any AnnotatedDataset<Quantities>)?, model: ModelSpecification, size: Pair
    ) -> JSONValue {
        guard let dataset, let found = try? Standardization(of: dataset) else { return .null }
        // Outputs beyond the data's targets stay unused.
        let rest = Array(repeating: 0.0, count: classNames.count - found.mean.count)
        return Standardization(mean: found.mean + rest, deviation: found.deviation + rest.map { _ in 1 }).json
    }

    /// The task.
    public func makeTask(
        _ vocabulary: Vocabulary, training: (any AnnotatedDataset<Quantities>)?
    ) throws -> RegressionTask {
        RegressionTask(vocabulary: vocabulary, kind: kind, delta: delta)
    }

    /// Squared differences, in the units that the weights are for.
    public static func task(_ vocabulary: Vocabulary) -> RegressionTask {
        RegressionTask(vocabulary: vocabulary, kind: .mse, delta: 1)
    }

    /// There is a mean and a deviation for each target.
    public static func contradiction(_ vocabulary: Vocabulary, _ model: ModelSpecification, size: Pair) -> String? {
        let outputs = vocabulary.classNames.count
        guard Standardization(vocabulary.settings, outputs: outputs) == nil else { return nil }
        return "the weights' settings of regression are damaged, expected mean and deviation of \(outputs) targets"
    }

    /// Numbers by the names of their columns.
    public static func relabeled(
        _ dataset: any AnnotatedDataset<Quantities>, names: [String], as others: [String]
    ) throws -> (any AnnotatedDataset<Quantities>)? {
        ChosenQuantities(dataset, names: names, as: others)
    }

    /// One number, where nothing tells.
    public static var usualClasses: Int? { 1 }

    /// No: numbers.
    public static var answersWithClasses: Bool { false }

    /// What each column holds.
    public func details(_ dataset: any AnnotatedDataset<Quantities>) throws -> DataDetails? {
        let values = try (0..<dataset.count).map { try dataset.annotation($0).values }
        guard !values.isEmpty else { return nil }
        let found = try Standardization(of: dataset)
        let entries = dataset.classNames.indices.map { target -> (name: String, numbers: [Double]) in
            let own = values.map { $0[target] }
            return (
                dataset.classNames[target],
                [own.min() ?? 0, found.mean[target], own.max() ?? 0, found.deviation[target]]
            )
        }
        return DataDetails(
            columns: ["target", "least", "mean", "most", "deviation"], numbers: [1, 2, 3, 4],
            rows: entries.map { entry in
                [entry.name] + entry.numbers.map { UnitText(deviation: entry.numbers[3]).text($0) }
            },
            json: .array(
                entries.map {
                    [
                        "target": .string($0.name), "least": .number($0.numbers[0]), "mean": .number($0.numbers[1]),
                        "most": .number($0.numbers[2]), "deviation": .number($0.numbers[3]),
                    ]
                }))
    }

    /// Numbers around the mean.
    public static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> Quantities {
        let outputs = vocabulary.classNames.count
        let units = Standardization(vocabulary.settings, outputs: outputs)
        return Quantities(
            (0..<outputs).map { target in
                let value = Float(random.uniform(-2, 2))
                return units?.restored(value, target) ?? Double(value)
            })
    }

    /// The numbers.
    public static func caption(_ annotation: Quantities, _ classNames: [String]) -> String {
        annotation.values.map { "\(Float($0))" }.joined(separator: " ")
    }
}
