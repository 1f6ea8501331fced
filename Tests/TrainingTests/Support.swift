import Checkpoints
import Configuration
import Datasets
import Foundation
import Reporting
import Synchronization
import Tasks
import Testing
import Training

/// The parent of all suites that train: one at a time, since a run sets the threads of the whole process.
@Suite(.serialized) struct Runs {}

/// A folder that goes with the value.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "hornbeam-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A HorNet of two stages that learns from the embedded digits in a fraction of a second: 20 updates an epoch.
let smallRecipe = """
    data:
      path: digits
      imageSize: [8, 8]
      flip: 0
      rotation: 10
      cacheMegabytes: 8
    model:
      name: hornet
      baseWidth: 8
      depths: [1, 1]
      orders: [1, 2]
      mixers: [7x7, gf]
      stemStride: 1
      layerScale: 0.1
      dropPath: 0.2
    loss:
      labelSmoothing: 0.1
      mixup: 0.2
    optimizer:
      learningRate: 4e-3
      clipNorm: 5
      ema: {decay: 0.9}
    schedule:
      warmupEpochs: 0
    training:
      epochs: 2
      batchSize: 64
      threads: 1
      saveEveryMinutes: 0
    """

func recipe(_ overrides: [String] = [], _ text: String = smallRecipe) throws -> Recipe {
    try Recipe(ConfigurationDocument.parse(text: text, name: "small.yaml", overrides: overrides), path: "small.yaml")
}

typealias ClassificationRun = TrainingRun<ClassificationTask>

/// The data of a recipe for classification.
func prepared(_ recipe: Recipe, resuming folder: String? = nil) throws -> PreparedData<ClassLabel> {
    try PreparedData(recipe, try #require(recipe.task as? ClassificationConfiguration), resuming: folder)
}

/// The run of a recipe for classification.
func run(of recipe: Recipe, _ messages: Messages = Messages()) throws -> ClassificationRun {
    let data = try prepared(recipe)
    let configuration = try #require(recipe.task as? ClassificationConfiguration)
    let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
    return try TrainingRun(recipe, data: data, task: task, console: messages.console)
}

/// What weights do on a part of the data.
func measured(_ weights: Weights, _ part: (any LabeledDataset)?) throws -> ClassificationFindings {
    let task = ClassificationConfiguration.task(weights.metadata.vocabulary)
    let loader = BatchLoader(
        try #require(part), transform: try Transform(weights.metadata.transform, mode: .evaluation),
        collator: task.collator(training: false), options: LoaderOptions(batchSize: 100))
    return try task.evaluate(weights.model, weights.store, loader)
}

/// What a console was told.
final class Messages: Sendable {
    private let text = Mutex("")
    var all: String { text.withLock { $0 } }

    var console: Console {
        let terminal = Console.Terminal { [self] text in self.text.withLock { $0 += text } }
        return Console(output: terminal, errors: terminal)
    }
}

struct Crash: Error {}

/// A file's text.
func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

/// Trains in a folder, up to a crash before the update of that index.
@discardableResult
func train(
    _ folder: String, _ overrides: [String] = [], mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil,
    forced: Bool = false, _ messages: Messages = Messages()
) throws -> Summary {
    let run = try run(of: recipe(overrides), messages)
    run.beforeUpdate = { if $0 == update { throw Crash() } }
    return try run.run(in: RunDirectory(folder, mode: mode), resuming: mode == .resume, forced: forced)
}

let weightsFiles = ["last", "best", "ema"].map { "weights/\($0).safetensors" }

/// Expects two run folders to hold the same weights, byte for byte, and the same metrics but for times.
func expectSameRun(_ a: String, _ b: String, _ comment: Comment? = nil) throws {
    for name in weightsFiles {
        let first = FileManager.default.contents(atPath: "\(a)/\(name)")
        #expect(first != nil, "\(name) is missing")
        #expect(first == FileManager.default.contents(atPath: "\(b)/\(name)"), "\(name) differs")
    }
    #expect(try metrics(a) == metrics(b), comment)
    #expect(try timeless(summary(a)) == timeless(summary(b)), comment)
}

/// The lines of the log without what depends on the clock.
func metrics(_ folder: String) throws -> [[String: Double]] {
    let text = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)
    return try text.split(separator: "\n").map { try timeless(object(Data($0.utf8))) }
}

func summary(_ folder: String) throws -> [String: Any] {
    try object(Data(contentsOf: URL(fileURLWithPath: folder + "/summary.json")))
}

private func object(_ data: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
}

private func timeless(_ values: [String: Any]) -> [String: Double] {
    let clock = ["imagesPerSecond", "seconds", "peakMemoryMB", "dataWaitShare"]
    return values.filter { !clock.contains($0.key) }.compactMapValues { $0 as? Double }
}
