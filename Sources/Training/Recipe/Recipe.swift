// Recipe: the sections of a configuration as values, read and written; nothing is opened here.

import Configuration
import Models
import Optim
import Tasks
import Tensors

/// Everything that decides a run, read from one configuration file.
public struct Recipe: Sendable {
    package var run: RunSection
    package var data: DataSection
    package var model: ModelConfiguration
    /// What is learned, with the task's own keys.
    package var task: any TaskConfiguration
    package var optimizer: OptimizerConfiguration
    package var schedule: ScheduleConfiguration
    package var training: TrainingSection
    package var reporting: ReportingSection

    /// What the recipe was read from, its own keys alone.
    let document: ConfigurationDocument
    /// The file the recipe came from.
    public let path: String
    /// All keys with their values, the file that a run keeps.
    public let resolvedYAML: String
    /// Every key with its value and where it came from.
    package let entries: [ConfigurationEntry]

    /// What was decided while reading, one sentence each.
    public var notices: [String] { (model.notice.map { [$0] } ?? []) + entries.compactMap(\.notice) }

    /// Reads a configuration with overrides of the form `section.key=value`.
    /// - Throws: `ConfigurationError` with every problem that can be found without the data.
    public static func load(_ path: String, overrides: [String] = []) throws -> Recipe {
        let document = try ConfigurationDocument.load(path: path, overrides: overrides)
        return try Recipe(SweepSection.without(document), path: path)
    }

    package init(_ document: ConfigurationDocument, path: String) throws {
        let read = try document.readResolved { Sections($0) }
        run = read.value.run
        data = read.value.data
        model = read.value.model
        task = read.value.task
        optimizer = read.value.optimizer
        schedule = read.value.schedule
        training = read.value.training
        reporting = read.value.reporting
        self.document = document
        self.path = path
        resolvedYAML = read.yaml
        entries = read.entries
    }

    /// The recipe within a larger configuration, which has further keys at its top.
    package init(within document: ConfigurationDocument, path: String) throws {
        try self.init(document.keeping(Self.keys), path: path)
    }

    /// What a recipe consists of, as a larger configuration reads it, too.
    struct Sections {
        let run: RunSection
        let data: DataSection
        let model: ModelConfiguration
        let task: any TaskConfiguration
        let optimizer: OptimizerConfiguration
        let schedule: ScheduleConfiguration
        let training: TrainingSection
        let reporting: ReportingSection

        init(_ reader: ConfigurationReader) {
            run = reader.section("run", "The run itself") { RunSection($0) }
            data = reader.section("data", "Images and what is done to them") { DataSection($0) }
            let answersAboutPlaces = TaskRegistry.named(in: reader)?.answersAboutPlaces ?? false
            model = reader.section("model", "The network") {
                ModelConfiguration($0, answersAboutPlaces: answersAboutPlaces)
            }
            task = TaskRegistry.read(reader)
            optimizer = reader.section("optimizer", "How weights are updated") { OptimizerConfiguration($0) }
            let usual = optimizer.usualSchedule
            schedule = reader.section("schedule", "The learning rate over time") {
                ScheduleConfiguration($0, usual: usual)
            }
            training = reader.section("training", "The training loop") { TrainingSection($0) }
            reporting = reader.section("reporting", "What is shown and kept") { ReportingSection($0) }
            Recipe.check(data, model, task, schedule, training, reader)
        }
    }

    /// The keys at the top of a recipe.
    package static let keys: Set<String> = [
        "run", "data", "model", "task", "head", "neck", "loss", "evaluation", "optimizer", "schedule", "training",
        "reporting",
    ]

    /// What the sections must agree on, as far as it shows without the data.
    private static func check(
        _ data: DataSection, _ model: ModelConfiguration, _ task: any TaskConfiguration,
        _ schedule: ScheduleConfiguration, _ training: TrainingSection, _ reader: ConfigurationReader
    ) {
        func problem(_ section: String, _ key: String, _ message: String) {
            reader.section(section, "") { $0.problem(key, message) }
        }
        if let size = data.imageSize, (try? model.specification.resolved(height: 8192, width: 8192)) != nil {
            do { _ = try model.specification.resolved(height: size[0], width: size[1]) } catch {
                problem("data", "imageSize", "\(error)")
            }
        }
        if let channels = model.inputChannels, ![1, 3].contains(channels) {
            problem("model", "inputChannels", "found \(channels), expected 1 (grey) or 3 (colour)")
        } else if let channels = model.inputChannels, let mean = data.mean, mean.count > 1, mean.count != channels {
            problem("data", "mean", "found \(mean.count) values, expected \(channels) as in model.inputChannels")
        }
        if let outputs = task.outputs, let classes = model.classes, classes != outputs {
            problem(
                "model", "classes", "found \(classes), expected \(outputs), as the task \(type(of: task).name) answers")
        }
        if let classes = model.classes, let names = data.classNames, names.count > classes {
            problem("data", "classNames", "found \(names.count) names, expected at most \(classes) as in model.classes")
        }
        if training.earlyStopping > 0, data.validation == .nowhere {
            problem("training", "earlyStopping", "needs a validation part, but data.validation is 0")
        }
        if schedule.kind == .plateau, data.validation == .nowhere {
            problem("schedule", "kind", "plateau needs a validation part, but data.validation is 0")
        }
        let objects = data.geometry.objects
        if objects.mosaic > 0, !joinsImages(task) {
            problem(
                "data", "mosaic",
                "joins images with objects in boxes, expected 0 for task: \(type(of: task).name), or task: detection or instances"
            )
        } else if objects.mosaic > 0, let closing = objects.mosaicClosing, closing >= training.epochs {
            problem(
                "data", "mosaicClosing",
                "found \(closing), expected fewer than training.epochs (\(training.epochs)), else data.mosaic is never on"
            )
        }
    }

    private static func joinsImages<C: TaskConfiguration>(_ task: C) -> Bool { C.Task.Annotation.joining != nil }

    /// The keys that change neither weights nor metrics and may differ when a run is resumed.
    package static let harmless: Set<String> = [
        "training.threads", "training.loaderThreads", "data.cacheMegabytes", "data.packedMegabytes",
        "training.saveEveryUpdates",
        "training.saveEveryMinutes", "training.keepEveryEpochs", "run.output", "reporting.logEverySeconds",
        "reporting.htmlReport",
        "reporting.tensorBoard", "reporting.histograms", "data.path", "pool.directory",
    ]
}

/// The section `run`.
package struct RunSection: Sendable {
    package var seed: Int
    package var output: String?

    init(_ reader: ConfigurationReader) {
        seed = reader.int(
            "seed", default: 0, in: 0...(1 << 53), "Decides weights, order, augmentation, dropped paths and the split")
        output = reader.optionalPath("output", "Run folder; Runs/<name of the file> when absent")
    }
}

/// The section `training`.
package struct TrainingSection: Sendable {
    package var epochs: Int
    package var batchSize: Int
    package var accumulation: Int
    package var slices: Int
    package var checkpointing: Bool
    package var threads: Int
    package var loaderThreads: Int
    package var dropLast: AutomaticSwitch
    package var earlyStopping: Int
    package var saveEveryUpdates: Int
    package var saveEveryMinutes: Double
    package var keepEveryEpochs: Int
    package var evaluationBatchSize: Int
    package var precision: Precision
    package var onNonFinite: OnNonFinite

    /// What happens to an update whose loss or gradient is not finite.
    package enum OnNonFinite: String, CaseIterable, Sendable {
        case stop
        case skip
    }

    /// Of matrix products; everything else is in single precision, and so is what is measured while a run trains.
    package enum Precision: String, CaseIterable, Sendable {
        case fp32
        case bf16

        /// What this processor makes of it.
        package var products: ProductPrecision {
            self == .bf16 && ProductPrecision.hasBFloat16 ? .bfloat16 : .full
        }
    }

    init(_ reader: ConfigurationReader) {
        epochs = reader.int("epochs", default: 30, in: 1...100_000, "Passes over the training images")
        batchSize = reader.int("batchSize", default: 128, in: 1...65_536, "Images per update")
        accumulation = reader.int(
            "accumulation", default: 1, in: 1...65_536,
            "Parts of a batch that go through the model one after the other, their gradients added up")
        slices = reader.int(
            "slices", default: 1, in: 1...1024,
            "Slices of a batch, a power of two, each computed by itself and added by a fixed tree; processes share them, "
                + "and how many do changes no byte")
        checkpointing = reader.bool(
            "checkpointing", default: false, "Compute each block twice instead of keeping what is inside it")
        threads = reader.int("threads", default: 0, in: 0...1024, "Threads of the kernels; 0 = all processors")
        loaderThreads = reader.int("loaderThreads", default: 1, in: 0...256, "Threads that prepare batches")
        dropLast = reader.automaticSwitch(
            "dropLast", default: .automatic,
            "Leave out the short batch at the end of a training epoch; auto = where 10 whole batches come before it, or it "
                + "(or its last part) is a single image")
        earlyStopping = reader.int(
            "earlyStopping", default: 0, in: 0...100_000, "Stop after so many epochs without a better one; 0 = never")
        saveEveryUpdates = reader.int(
            "saveEveryUpdates", default: 0, in: 0...1_000_000_000,
            "Save the state every so many updates; 0 = at epoch ends")
        saveEveryMinutes = reader.double(
            "saveEveryMinutes", default: 10, in: 0...1e6, "Save the state every so many minutes; 0 = never by time")
        keepEveryEpochs = reader.int(
            "keepEveryEpochs", default: 0, in: 0...100_000,
            "Keep the weights of every so many epochs, as weights/epoch-0010.safetensors; 0 = the last and the best only"
        )
        evaluationBatchSize = reader.int(
            "evaluationBatchSize", default: 256, in: 1...65_536, "Images per batch in evaluation")
        precision = reader.choice(
            "precision", default: .fp32,
            "Matrix products of training in single precision, or with operands in bfloat16 and single-precision sums")
        onNonFinite = reader.choice(
            "onNonFinite", default: .stop,
            "An update whose loss or gradient is not finite stops the run, or is left out (ten in a row stop it)")
        if batchSize % accumulation != 0 {
            reader.problem(
                "accumulation", "found \(accumulation), expected a divisor of training.batchSize (\(batchSize))")
        }
        if let problem = BatchPieces.problem(slices: slices, batchSize: batchSize) { reader.problem("slices", problem) }
    }

    /// The most images that go through the model at once.
    var partSize: Int { max(1, batchSize / accumulation) }

    /// How batches are cut.
    var pieces: BatchPieces { BatchPieces(slices: slices, partSize: partSize) }

    /// Whether the short batch at the end of an epoch over so many images is left out.
    package func dropsLast(of count: Int) -> Bool {
        switch dropLast {
        case .on: true
        case .off: false
        case .automatic:
            count / batchSize >= 10
                || (count > batchSize && pieces.smallest(of: batchSize) > 1
                    && pieces.smallest(of: count % batchSize) == 1)
        }
    }

    /// Images of an epoch's smallest piece that goes through the model, of so many images in all.
    func smallestPart(of count: Int) -> Int {
        let short = count < batchSize || !dropsLast(of: count) ? count % batchSize : 0
        let whole = count < batchSize ? 0 : pieces.smallest(of: batchSize)
        let smallest = [whole, pieces.smallest(of: short)].filter { $0 > 0 }
        return smallest.min() ?? 0
    }
}

/// The section `reporting`.
package struct ReportingSection: Sendable {
    package var testEveryEpoch: Bool
    package var logEverySeconds: Double
    package var htmlReport: Bool
    package var tensorBoard: Bool
    package var histograms: Bool

    init(_ reader: ConfigurationReader) {
        testEveryEpoch = reader.bool(
            "testEveryEpoch", default: false, "Also measure the test set after every epoch; it chooses nothing")
        logEverySeconds = reader.double(
            "logEverySeconds", default: 10, in: 0.1...1e6, "Time between progress lines when the output is no terminal")
        htmlReport = reader.bool("htmlReport", default: true, "Write report.html, once a minute and at the end")
        tensorBoard = reader.bool("tensorBoard", default: false, "Write event files for TensorBoard")
        histograms = reader.bool(
            "histograms", default: true, "Keep the spread of weights and gradients of every epoch for the reports")
    }
}
