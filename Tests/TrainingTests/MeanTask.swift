import Autograd
import Configuration
import Datasets
import JSON
import Layers
import Reporting
import Tasks
import Tensors
import Training

// A task that is no classification: how bright an image is, one number, measured by how far off it is.

/// The mean of an image's pixels, from 0 to 1.
struct Brightness: Annotation {
    var value: Float
    func moved(by motion: Motion) -> Brightness { self }
}

/// One number for each image.
struct Numbers: Targets {
    let values: [Float]
    func part(_ range: Range<Int>) -> Numbers { Numbers(values: Array(values[range])) }
}

struct NumberCollator: Collator {
    func collate(_ annotations: [Brightness], _ images: ImageBatch, _ random: inout Random) -> Numbers {
        Numbers(values: annotations.map(\.value))
    }
}

extension Metric {
    static let meanAbsoluteError = Metric(
        "meanAbsoluteError", title: "mean absolute error", style: .plain, isHigherBetter: false)
    static let largestError = Metric("largestError", title: "largest error", style: .plain, isHigherBetter: false)
}

struct NumberFindings: TaskFindings {
    let scores: Scores
}

struct NumberEvaluator: Evaluator {
    private var (count, absolute, squares, largest) = (0, 0.0, 0.0, 0.0)

    mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<Numbers>) {
        for (answer, target) in zip(output.logits.value.array, batch.targets.values) {
            let error = abs(Double(answer) - Double(target))
            absolute += error
            squares += error * error
            largest = error.isNaN ? .nan : max(largest, error)
        }
        count += batch.count
    }

    func finish() -> NumberFindings {
        let total = Double(max(1, count))
        return NumberFindings(
            scores: Scores(
                loss: squares / total, count: count, [.meanAbsoluteError: absolute / total, .largestError: largest]))
    }
}

/// The squared error, divided by what it was in the first updates, which is the task's state.
final class MeanTask: LearningTask, @unchecked Sendable {  // one run's, used by one thread
    static let scaledAfter = 5
    let vocabulary: Vocabulary
    /// Whether the error is made larger instead of smaller.
    let ascends: Bool
    /// Of the first updates.
    private var firstLosses: [Double] = []

    init(_ vocabulary: Vocabulary, ascends: Bool = false) { (self.vocabulary, self.ascends) = (vocabulary, ascends) }

    var metrics: [Metric] { [.meanAbsoluteError, .largestError] }
    var trainingMetric: Metric? { .meanAbsoluteError }

    func collator(training: Bool) -> NumberCollator { NumberCollator() }

    func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<Numbers>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let targets = Tensor<Float>([batch.count, 1], batch.targets.values)
        let loss = output.logits.meanSquaredError(targets)
        if firstLosses.count == update, update < MeanTask.scaledAfter {
            firstLosses.append(Double(loss.value.item))
        }
        let mean = firstLosses.reduce(0, +) / Double(max(1, firstLosses.count))
        let measured = zip(output.logits.value.array, batch.targets.values).reduce(0) { $0 + abs(Double($1.0 - $1.1)) }
        return TaskLoss(
            total: loss.scaled(by: (ascends ? -1 : 1) * Float(1 / max(mean, 1e-6))), measured: measured)
    }

    func evaluator(_ options: EvaluationOptions) -> NumberEvaluator { NumberEvaluator() }

    func members(of annotation: Brightness) -> [JSONValue.Member] {
        [.init("brightness", .number(Double(annotation.value)))]
    }

    var state: JSONValue { .array(firstLosses.map { .number($0) }) }
    func restore(_ state: JSONValue) { firstLosses = state.arrayValue?.compactMap(\.doubleValue) ?? [] }
}

/// Some of the images of another data set, with their brightness instead of their class.
struct BrightnessDataset: AnnotatedDataset {
    let base: any LabeledDataset
    let count: Int

    var classNames: [String] { ["brightness"] }
    var isInMemory: Bool { true }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func name(_ index: Int) -> String { base.name(index) }

    func annotation(_ index: Int) throws -> Brightness {
        let pixels = try base.image(index).pixels
        return Brightness(value: Float(pixels.reduce(0) { $0 + Int($1) }) / Float(255 * pixels.count))
    }
}

struct MeanConfiguration: TaskConfiguration {
    static let name = "mean"
    static let summary = "the mean brightness of an image"

    let outputs: Int? = 1
    var ascends: Bool

    init(_ reader: ConfigurationReader) {
        ascends = reader.section("loss", "What is minimised") {
            $0.bool("ascends", default: false, "Make the error larger")
        }
    }

    init(ascends: Bool = false) { self.ascends = ascends }

    func open(_ request: DataRequest) throws -> DatasetSplits<Brightness> {
        let splits = try LabeledData.open(request.path, validation: request.validation, seed: request.seed)
        func part(_ part: (any LabeledDataset)?, _ most: Int) -> BrightnessDataset? {
            part.map { BrightnessDataset(base: $0, count: min(most, $0.count)) }
        }
        return DatasetSplits(
            train: BrightnessDataset(base: splits.train, count: min(320, splits.train.count)),
            validation: part(splits.validation, 100), test: part(splits.test, 100), format: splits.format)
    }

    func makeTask(_ vocabulary: Vocabulary, training: (any AnnotatedDataset<Brightness>)?) -> MeanTask {
        MeanTask(vocabulary, ascends: ascends)
    }

    static func task(_ vocabulary: Vocabulary) -> MeanTask { MeanTask(vocabulary) }

    static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> Brightness { Brightness(value: Float(random.uniform(0, 1))) }
}

/// A tiny network whose images keep their brightness: 10 updates an epoch.
let meanRecipe = """
    data: {path: digits, imageSize: [8, 8], augmentation: none, flip: 0, cacheMegabytes: 8}
    model: {name: convnext, widths: [8, 16], depths: [1, 1], stemStride: 1, layerScale: 0.1}
    optimizer: {learningRate: 4e-3, clipNorm: 5, ema: {decay: 0.9}}
    schedule: {warmupEpochs: 0}
    training: {epochs: 3, batchSize: 32, threads: 1, saveEveryMinutes: 0}
    """
