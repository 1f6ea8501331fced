import Checkpoints
import Configuration
import Datasets
import Foundation
import JSON
import Tasks
import Tensors
import Testing
import Training

/// Handwritten digits as files, with a list that says something of each.
private struct ListedDigits {
    /// A small net that learns in a fraction of a second.
    static let text = """
        data: {imageSize: [8, 8], flip: 0, rotation: 10, validation: 0.2, cacheMegabytes: 8}
        model: {name: hornet, baseWidth: 8, depths: [1, 1], orders: [1, 2], mixers: [7x7, gf], stemStride: 1, layerScale: 0.1}
        optimizer: {learningRate: 4e-3, clipNorm: 5, ema: {decay: 0.9}}
        schedule: {warmupEpochs: 0}
        training: {epochs: 2, batchSize: 32, threads: 1, saveEveryMinutes: 0}
        """

    let folder: TemporaryFolder
    let digits: [Int]

    func path(_ name: String) -> String { folder.path + "/" + name }

    init(count: Int = 256) throws {
        folder = try TemporaryFolder()
        let train = try Digits.load().train
        digits = try (0..<count).map { try train.label($0) }
        try FileManager.default.createDirectory(atPath: folder.path + "/images", withIntermediateDirectories: true)
        for index in 0..<count {
            try AtomicFile.write("\(folder.path)/images/\(index).png", try train.image(index).encodedAsPNG())
        }
    }

    /// Writes a list with what is said of each image.
    func list(_ name: String, _ columns: String, _ say: (_ index: Int, _ digit: Int) -> String) throws {
        let rows = digits.enumerated().map { "images/\($0).png,\(say($0, $1))" }
        try AtomicFile.write(path(name), "image,\(columns)\n" + rows.joined(separator: "\n") + "\n")
    }

    /// Odd digits, and those with a closed loop.
    func sets() throws {
        try list("sets.csv", "label") { _, digit in
            (digit % 2 == 1 ? ["odd"] : []).appending([0, 6, 8, 9].contains(digit) ? "loop" : nil).joined(
                separator: "|")
        }
    }

    /// 9 for digits with a closed loop and 1 for others.
    func numbers(_ columns: String = "value,tens") throws {
        try list("numbers.csv", columns) { index, digit in
            let value = [0, 6, 8, 9].contains(digit) ? 9 : 1
            return columns == "value,tens" ? "\(value),\(100 - 10 * value)" : "\(value),\(index % 3)"
        }
    }

    func train<C: TaskConfiguration>(
        _ type: C.Type, _ list: String, _ name: String, _ overrides: [String] = [],
        mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil
    ) throws -> Summary {
        let recipe = try recipe(C.name, list, overrides)
        let configuration = try #require(recipe.task as? C)
        let data = try PreparedData(recipe, configuration)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        let run = try TrainingRun(recipe, data: data, task: task, console: Messages().console)
        run.beforeUpdate = { if $0 == update { throw Crash() } }
        return try run.run(in: RunDirectory(path(name), mode: mode), resuming: mode == .resume, forced: false)
    }

    func recipe(_ task: String, _ list: String, _ overrides: [String]) throws -> Recipe {
        try TrainingTests.recipe(
            ["data.path=" + path(list)] + overrides, "task: \(task)\n" + Self.text)
    }
}

extension [String] {
    fileprivate func appending(_ word: String?) -> [String] { word.map { self + [$0] } ?? self }
}

extension Runs {
    @Suite struct LabelRuns {
        private let digits: ListedDigits

        init() throws { digits = try ListedDigits() }

        private func expectSame<C: TaskConfiguration>(_ type: C.Type, _ list: String) throws {
            _ = try digits.train(type, list, "one")
            _ = try digits.train(type, list, "two", ["training.threads=2", "training.loaderThreads=2"])
            try expectSameRun(digits.path("one"), digits.path("two"), "threads")
            let saving = ["training.saveEveryUpdates=2"]
            #expect(throws: Crash.self) { try digits.train(type, list, "cut", saving, crashBefore: 9) }
            _ = try digits.train(type, list, "cut", saving, mode: .resume)
            try expectSameRun(digits.path("one"), digits.path("cut"), "resumed")
        }

        @Test func severalClassesAreLearntAndTheirThresholdsKept() throws {
            try digits.sets()
            let summary = try digits.train(MultiLabelConfiguration.self, "sets.csv", "run", ["training.epochs=12"])
            #expect((summary.bestValidation ?? 0) > 0.9, "mAP is \(summary.bestValidation ?? 0)")
            let vocabulary = try Weights.read(digits.path("run") + "/weights/best.safetensors").metadata.vocabulary
            #expect(vocabulary.classNames == ["loop", "odd"])
            let thresholds = MultiLabelConfiguration.task(vocabulary).thresholds
            #expect(thresholds.count == 2 && thresholds != [0.5, 0.5])
            let page = try contents(digits.path("run") + "/report.html")
            #expect(page.contains("best threshold") && page.contains("Farthest off"))
            #expect(try contents(digits.path("run") + "/summary.json").contains("\"testMeanAveragePrecision\""))
        }

        @Test func setsGoOnToTheSameBytesOnAnyNumberOfThreads() throws {
            try digits.sets()
            try expectSame(MultiLabelConfiguration.self, "sets.csv")
        }

        @Test func numbersAreLearntInTheirUnits() throws {
            try digits.numbers()
            let summary = try digits.train(
                RegressionConfiguration.self, "numbers.csv", "run", ["training.epochs=24", "loss.kind=huber"])
            #expect((summary.bestValidation ?? -1) > 0.2, "R² is \(summary.bestValidation ?? -1)")
            let settings = try Weights.read(digits.path("run") + "/weights/best.safetensors").metadata.vocabulary
                .settings
            let mean = try #require(settings["mean"]?.arrayValue?[0].doubleValue)
            let tens = try #require(settings["mean"]?.arrayValue?[1].doubleValue)
            #expect(abs(100 - 10 * mean - tens) < 1e-9 && abs(mean - 4.2) < 0.6)
            #expect(try contents(digits.path("run") + "/report.html").contains("Predicted against true"))
            let json = try JSONValue(parsing: contents(digits.path("run") + "/summary.json"))
            let error = try #require(json["testMeanAbsoluteError"]?.doubleValue)
            // The mean of errors in ones and in tens.
            #expect(error > 1 && error < 15)
        }

        @Test func numbersGoOnToTheSameBytesOnAnyNumberOfThreads() throws {
            try digits.numbers("value,weight")
            try expectSame(RegressionConfiguration.self, "numbers.csv")
        }

        @Test func weightsOfImagesOfOneChangeNothingAndOthersGoOnToTheSameBytes() throws {
            try digits.list("plain.csv", "label") { _, digit in "\(digit)" }
            try digits.list("ones.csv", "label,weight") { _, digit in "\(digit),1" }
            try digits.list("odd.csv", "weight,label") { _, digit in "\(digit % 2 == 1 ? 1 : 0.25),\(digit)" }
            let type = ClassificationConfiguration.self
            _ = try digits.train(type, "plain.csv", "plain", ["loss.mixup=0.2"])
            _ = try digits.train(type, "ones.csv", "ones", ["loss.mixup=0.2"])
            try expectSameRun(digits.path("plain"), digits.path("ones"))
            try expectSame(type, "odd.csv")
            #expect(try metrics(digits.path("one")) != metrics(digits.path("plain")))
        }

        /// The loss is a mean over the images, so that slices add up to it.
        @Test(arguments: ["classification", "multiLabel", "regression"])
        func slicesOfWeightedBatchesAddUpToTheWholeBatch(_ task: String) throws {
            try digits.list("weighted.csv", task == "regression" ? "value,weight" : "label,weight") { index, digit in
                "\(digit),\(index % 4)"
            }
            func first(_ slices: Int) throws -> Double {
                let name = "\(task)-\(slices)"
                let overrides = ["training.slices=\(slices)", "training.epochs=1", "model.mixers=[7x7, 7x7]"]
                _ =
                    switch task {
                    case "classification":
                        try digits.train(ClassificationConfiguration.self, "weighted.csv", name, overrides)
                    case "multiLabel": try digits.train(MultiLabelConfiguration.self, "weighted.csv", name, overrides)
                    default: try digits.train(RegressionConfiguration.self, "weighted.csv", name, overrides)
                    }
                return try #require(try metrics(digits.path(name)).first?["trainLoss"])
            }
            let (whole, sliced) = (try first(1), try first(4))
            #expect(abs(whole - sliced) < 1e-3 * abs(whole), "\(whole) and \(sliced)")
        }

        @Test func foldsOfAClassifierAreDividedByClass() throws {
            try digits.list("plain.csv", "label") { _, digit in "\(digit)" }
            func data(_ overrides: [String]) throws -> PreparedData<ClassLabel> {
                let recipe = try digits.recipe("classification", "plain.csv", overrides)
                return try PreparedData(recipe, try #require(recipe.task as? ClassificationConfiguration))
            }
            let one = try data(["data.folds=4", "data.fold=2"])
            let other = try data(["data.fold=2/4"])
            let test = try #require(other.splits.test)
            #expect(
                (0..<test.count).map { test.name($0) }
                    == one.splits.test.map { part in (0..<part.count).map { part.name($0) } })
            let counts = try test.classCounts()
            let all = (0..<10).map { digit in digits.digits.count { $0 == digit } }
            #expect(zip(counts, all).allSatisfy { abs(Double($0) - Double($1) / 4) < 1.01 })
            #expect(CrossValidation.folds(try digits.recipe("classification", "plain.csv", ["data.folds=4"])) == 4)
            for (text, words) in [
                (["data.fold=5/4"], "expected at most data.folds (4)"), (["data.fold=two"], "2/5 for part 2 of 5"),
                (["data.folds=3", "data.fold=1/4"], "give one of them"), (["data.fold=1/1"], "2 to 100 parts"),
            ] {
                let error = #expect(throws: ConfigurationError.self) {
                    try digits.recipe("classification", "plain.csv", text)
                }
                #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(text)")
            }
        }

        @Test func badInputIsToldInASentence() throws {
            try digits.sets()
            try digits.numbers()
            try digits.list("same.csv", "value") { _, _ in "7" }
            try digits.list("none.csv", "label") { _, _ in "" }
            func problem<C: TaskConfiguration>(_ type: C.Type, _ list: String, _ overrides: [String] = []) -> String {
                do {
                    _ = try digits.train(type, list, "run", overrides)
                    return "nothing"
                } catch { return "\(error)" }
            }
            let sets = MultiLabelConfiguration.self
            let numbers = RegressionConfiguration.self
            #expect(problem(sets, "none.csv").contains("no training image has a class"))
            #expect(
                problem(sets, "sets.csv", ["loss.classWeights=[1,2,3]"]).contains("has 3 entries, but the data has 2"))
            #expect(problem(sets, "sets.csv", ["data.path=digits"]).contains("says nothing of the kind of its images"))
            #expect(problem(sets, "images").contains("this is no list of images, expected a CSV file"))
            #expect(problem(sets, "gone.csv").contains("this does not exist"))
            #expect(problem(numbers, "same.csv").contains("'value' is 7.0 in all training images"))
            #expect(problem(numbers, "numbers.csv", ["data.targets=[valu]"]).contains("the nearest is 'value'"))
            #expect(
                problem(numbers, "numbers.csv", ["data.targets=[value,value]"]).contains("expected different names"))
        }

        @Test func otherOrdersOfClassesAndColumnsAreMatchedByName() throws {
            try digits.list("sets.csv", "b,a") { index, digit in "\(index % 2),\(digit % 3 == 0 ? 1 : 0)" }
            let recipe = try digits.recipe("multiLabel", "sets.csv", [])
            let part = try #require(recipe.task as? MultiLabelConfiguration).openPart(
                recipe.dataRequest, .all, isTrainedOn: true
            ).dataset
            let turned = try #require(
                try MultiLabelConfiguration.relabeled(part, names: part.classNames, as: ["a", "x", "b"]))
            #expect(try turned.annotation(1).indices.contains(2) && turned.classNames == ["a", "x", "b"])
            #expect(try MultiLabelConfiguration.relabeled(part, names: part.classNames, as: ["a", "x"]) == nil)
            try digits.numbers()
            let numbers = try digits.recipe("regression", "numbers.csv", [])
            let values = try #require(numbers.task as? RegressionConfiguration).openPart(
                numbers.dataRequest, .all, isTrainedOn: true
            ).dataset
            let chosen = try #require(
                try RegressionConfiguration.relabeled(values, names: values.classNames, as: ["tens"]))
            let value = [0, 6, 8, 9].contains(digits.digits[3]) ? 9 : 1
            #expect(try chosen.annotation(3).values == [Double(100 - 10 * value)])
        }
    }
}
