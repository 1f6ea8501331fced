import Autograd
import Checkpoints
import Datasets
import Foundation
import JSON
import Layers
import Reporting
import Tasks
import Tensors
import Testing
import Training

/// Trains the mean brightness in a folder, up to a crash before the update of that index.
@discardableResult
private func trainMean(
    _ folder: String, _ overrides: [String] = [], ascends: Bool = false, mode: RunDirectory.Mode = .new,
    crashBefore update: Int? = nil, _ messages: Messages = Messages()
) throws -> Summary {
    let recipe = try recipe(overrides, meanRecipe)
    let configuration = MeanConfiguration(ascends: ascends)
    let data = try PreparedData(recipe, configuration)
    let task = configuration.makeTask(data.vocabulary, training: data.splits.train)
    let run = try TrainingRun(recipe, data: data, task: task, console: messages.console)
    run.beforeUpdate = { if $0 == update { throw Crash() } }
    return try run.run(in: RunDirectory(folder, mode: mode), resuming: mode == .resume)
}

/// The lines of a run's log; numbers are read exactly, which Foundation's reader does not.
private func logged(_ folder: String) throws -> [JSONValue] {
    try text(folder + "/metrics.jsonl").split(separator: "\n").map { try JSONValue(parsing: String($0)) }
}

private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

extension Runs {
    /// A task that is no classification, whose metric is better where it is lower.
    @Suite struct AnotherTask {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }

        init() throws { folder = try TemporaryFolder() }

        @Test func itTrainsIsMeasuredAndNamesItsMetric() throws {
            let messages = Messages()
            let result = try trainMean(path, ["reporting.testEveryEpoch=true"], messages)
            let lines = try metrics(path)
            let errors = try lines.map { try #require($0["trainMeanAbsoluteError"]) }
            #expect(errors.count == 3 && errors[2] < 0.6 * errors[0], "\(errors)")
            for key in [
                "validationMeanAbsoluteError", "validationLargestError", "validationLoss",
                "emaValidationMeanAbsoluteError", "emaValidationLoss", "testMeanAbsoluteError", "testLoss",
            ] {
                #expect(lines.allSatisfy { $0[key] != nil }, "\(key) is missing")
            }
            let log = try text(path + "/metrics.jsonl") + text(path + "/summary.json")
            #expect(!log.lowercased().contains("accuracy"))
            #expect(!messages.all.contains("accuracy") && !messages.all.contains("%"))
            #expect(messages.all.contains("epoch 3/3") && messages.all.contains("  validation 0.0"))

            #expect(result.metric == .meanAbsoluteError)
            let json = try JSONValue(parsing: text(path + "/summary.json"))
            #expect(json == result.json)
            #expect(json["metric"]?["name"] == "meanAbsoluteError" && json["metric"]?["isHigherBetter"] == false)
            let test = try #require(result.test)
            #expect(test.count == 100)
            #expect(test[.meanAbsoluteError] == (try logged(path)[2]["testMeanAbsoluteError"]?.doubleValue))
            #expect(json["testMeanAbsoluteError"]?.doubleValue == test[.meanAbsoluteError])
            #expect(json["testLargestError"]?.doubleValue == test[.largestError])
            #expect(
                result.rows.contains([
                    "test mean absolute error (last epoch)", NumberText.fixed(test.primary, decimals: 4),
                ]))
            #expect(result.rows.contains { $0[0] == "test largest error" })
        }

        @Test func itsReportIsAboutItsMetric() throws {
            let messages = Messages()
            try trainMean(path, ["reporting.tensorBoard=true"], messages)
            #expect(!messages.all.contains("report is incomplete"), "\(messages.all)")
            let page = try text(path + "/report.html")
            #expect(page.contains("mean absolute error") && page.contains("largest error"))
            #expect(!page.contains("top-five") && !page.contains("confusion"))
            #expect(page.range(of: #"\baccuracy\b"#, options: .regularExpression) == nil)
            let result = try JSONValue(parsing: text(path + "/report/result.json"))
            #expect(result["task"] == "mean" && result["meanAbsoluteError"]?.doubleValue != nil)
            #expect(result["confusion"] == nil && result["count"] == 100)
            let samples = try JSONValue(parsing: text(path + "/report/samples.json"))
            #expect(samples["task"] == "mean" && samples["images"]?.arrayValue?.count == 10)
            #expect(samples["images"]?.arrayValue?.first?["brightness"]?.doubleValue != nil)
            let description = try JSONValue(parsing: text(path + "/report/run.json"))
            let names = description["metrics"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
            #expect(names == ["meanAbsoluteError", "largestError"])
        }

        @Test(arguments: [[3], [14], [2, 10, 22]])
        func aCrashedRunGoesOnToTheSameBytes(crashes: [Int]) throws {
            try trainMean(path)
            let cut = folder.path + "/cut"
            let often = ["training.saveEveryUpdates=2"]
            for (index, update) in crashes.enumerated() {
                #expect(throws: Crash.self) {
                    try trainMean(cut, often, mode: index == 0 ? .new : .resume, crashBefore: update)
                }
            }
            try trainMean(cut, often, mode: .resume)
            try expectSameRun(path, cut)
            let (whole, again) = (try summary(path), try summary(cut))
            #expect(whole["metric"] as? NSDictionary == again["metric"] as? NSDictionary)
        }

        /// The first epoch is the best one here, so its weights must come out of the saved state.
        @Test func theBestWeightsOfAnEpochBeforeTheCrashAreKept() throws {
            try trainMean(path, ascends: true)
            let cut = folder.path + "/cut"
            let often = ["training.saveEveryUpdates=2"]
            #expect(throws: Crash.self) { try trainMean(cut, often, ascends: true, crashBefore: 15) }
            let result = try trainMean(cut, often, ascends: true, mode: .resume)
            #expect(result.bestEpoch == 1)
            try expectSameRun(path, cut)
        }

        @Test func theBestWeightsAreThoseOfTheLowestValue() throws {
            let result = try trainMean(path)
            let values = try logged(path).compactMap { $0["validationMeanAbsoluteError"]?.doubleValue }
            let least = try #require(values.min())
            #expect(values.count == 3 && least < values[0])
            #expect(result.bestValidation == least)
            #expect(result.bestEpoch == (values.firstIndex(of: least) ?? 9) + 1)
        }

        @Test func anErrorThatGrowsStopsTheRunAndKeepsTheFirstWeights() throws {
            let messages = Messages()
            let result = try trainMean(
                path, ["training.epochs=9", "training.earlyStopping=2"], ascends: true, messages)
            let values = try logged(path).compactMap { $0["validationMeanAbsoluteError"]?.doubleValue }
            #expect(values.count == 3 && values == values.sorted() && values[0] < values[2], "\(values)")
            #expect(result.bestEpoch == 1 && result.bestValidation == values[0] && result.cost.epochs == 3)
            let reason =
                "no better validation mean absolute error than \(NumberText.fixed(values[0], decimals: 4)) of epoch 1"
            #expect(result.stoppedEarly == reason + " for 2 epochs")
            #expect(messages.all.contains(reason))
            let (best, last) = (try #require(result.bestTest), try #require(result.test?.primary))
            #expect(best < last)
        }

        @Test func withoutATestPartResultsAreOfValidation() throws {
            let configuration = MeanConfiguration()
            let recipe = try recipe(["training.epochs=1"], meanRecipe)
            var splits = try configuration.open(recipe.dataRequest)
            splits.test = nil
            let data = try PreparedData(recipe, configuration, splits: splits)
            let run = try TrainingRun(
                recipe, data: data, task: configuration.makeTask(data.vocabulary, training: nil),
                console: Messages().console)
            let result = try run.run(in: RunDirectory(path, mode: .new), resuming: false)
            #expect(result.resultPart == .validation && result.test == nil && result.averageTest == nil)
            #expect(result.averageValidation != nil && result.validation?.count == 100)
            let again = try #require(Summary(try JSONValue(parsing: text(path + "/summary.json"))))
            #expect(
                again.best == result.bestValidation
                    && again.rows == result.rows.filter { $0[0] != "validation largest error" })
        }
    }
}

/// What needs a name that the program knows. Each in a process of its own, since the list of tasks is the whole process's.
@Suite struct RegisteredTaskTests {
    @Test func weightsNameTheirTaskAndAreMeasuredAndPredictedWith() async {
        await #expect(processExitsWith: .success) {
            try TaskRegistry.register(MeanConfiguration.self)
            let folder = try TemporaryFolder()
            let path = folder.path + "/run"
            let recipe = try recipe(["task=mean"], meanRecipe)
            #expect(recipe.task is MeanConfiguration)
            let run = try recipe.makeRun(console: Messages().console)
            let result = try run.run(in: RunDirectory(path, mode: .new), resuming: false)
            #expect(result.metric == .meanAbsoluteError)

            let weights = try Weights.read(path + "/weights/last.safetensors")
            #expect(weights.metadata.vocabulary == Vocabulary(task: "mean", classNames: ["brightness"]))
            let task = MeanConfiguration.task(weights.metadata.vocabulary)
            let part = try MeanConfiguration().openPart(recipe.dataRequest, .test, isTrainedOn: true)
            let loader = BatchLoader(
                part.dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
                collator: task.collator(training: false), options: LoaderOptions(batchSize: 32))
            let found = try task.evaluate(weights.model, weights.store, loader)
            #expect(found.scores == result.test)
            #expect(task.text(found).hasPrefix("mean absolute error  0.0"))
            #expect(task.members(found).map(\.name) == ["meanAbsoluteError", "largestError", "loss", "images"])

            loader.start(epoch: 0)
            let batch = try #require(try loader.next())
            let output = weights.model(Variable(Tensor(batch)), .evaluation(weights.store))
            let names = batch.indices.map { part.dataset.name($0) }
            let predictions = try task.predictions(output, images: names, PredictionOptions(top: 5)).map {
                try $0.get()
            }
            #expect(predictions.count == 32 && task.predictionColumns.fields == ["brightness"])
            for (row, prediction) in predictions.enumerated() {
                let value = try #require(Float(prediction.fields[0]))
                #expect(prediction.fields.count == 1 && prediction.image == names[row])
                #expect(abs(value - batch.targets.values[row]) < 0.2)
                #expect(prediction.members == [.init("answer", [.number(Double(value))])])
            }
            var values = output.logits.value.array
            values[1] = .nan
            let broken = task.predictions(
                ModelOutput(logits: Variable(Tensor([32, 1], values)), features: []), images: names,
                PredictionOptions(top: 1))
            #expect(throws: Never.self) { try broken[0].get() }
            let failure = #expect(throws: PredictionFailure.self) { try broken[1].get() }
            #expect(failure?.reason.hasPrefix(names[1] + ": ") == true)

            // Going on with a finished run, by its name alone.
            let finished = try #require(try FinishedRun(in: path, recipe))
            #expect(finished.summary == result.json && finished.warning == nil)
            let other = try TrainingTests.recipe([], meanRecipe)
            #expect(try FinishedRun(in: path, other)?.warning?.contains("task: mean -> classification") == true)
        }
    }

    @Test func aDistillationOfItRunsAndGoesOnToTheSameBytes() async {
        await #expect(processExitsWith: .success) {
            try TaskRegistry.register(MeanConfiguration.self)
            let chain = try MeanChain()
            let whole = try chain.distill("whole")
            #expect(whole.order == ["first", "second"] && whole.stages.map(\.teachers) == [["first"], ["second"]])
            #expect(whole.summary.metric == .meanAbsoluteError)
            #expect(whole.stages.allSatisfy { $0.metric == .meanAbsoluteError && $0.after != nil && $0.before != nil })
            #expect(throws: Crash.self) { try chain.distill("cut", crashBefore: 3) }
            #expect(throws: Crash.self) { try chain.distill("cut", mode: .resume, crashBefore: 14) }
            let cut = try chain.distill("cut", mode: .resume)
            for name in ["stage-1", "stage-2", "last", "best"] {
                let file = "/weights/\(name).safetensors"
                let bytes = FileManager.default.contents(atPath: chain.path("whole") + file)
                #expect(
                    bytes != nil && bytes == FileManager.default.contents(atPath: chain.path("cut") + file), "\(name)")
            }
            #expect(try metrics(chain.path("whole")) == metrics(chain.path("cut")))
            #expect(cut.summary.test == whole.summary.test && cut.train == whole.train)
            let lines = try text(chain.path("whole") + "/metrics.jsonl")
            #expect(lines.contains("loss.pkd") && lines.contains("validationMeanAbsoluteError"))
            #expect(!lines.lowercased().contains("accuracy"))
            let file = try text(chain.path("whole") + "/summary.json")
            #expect(file.contains("trainMeanAbsoluteError") && !file.contains("Accuracy"))
            let read = try #require(DistillationSummary(try JSONValue(parsing: file), stages: nil))
            #expect(read.train.primary == whole.train.primary && read.gap == whole.gap)
            let page = try text(chain.path("whole") + "/report.html")
            #expect(page.contains("mean absolute error"))
            #expect(!chain.messages.all.contains("report is incomplete"), "\(chain.messages.all)")
            let stages = try text(chain.path("whole") + "/stages.json")
            #expect(stages.contains("testMeanAbsoluteErrorAfter") && !stages.contains("Accuracy"))
        }
    }

    @Test func theSelectionEndsWithTheTeacherOfTheLowestErrorAndArmsAreCompared() async {
        await #expect(processExitsWith: .success) {
            try TaskRegistry.register(MeanConfiguration.self)
            let chain = try MeanChain()
            let run = try chain.run("chosen", ["order=bgs"])
            try run.prepare()
            let report = try run.findOrder()
            // The second teacher has trained ten times as long.
            let scores = Dictionary(uniqueKeysWithValues: report.scores.map { ($0.name, $0.score) })
            let (first, second) = (try #require(scores["first"]), try #require(scores["second"]))
            #expect(second < first && report.order.last == "second")
            #expect(
                report.decisions[0].description.hasPrefix("second last: validation score 0.0"),
                "\(report.decisions[0].description)")

            let refused = try chain.run("refused", ["pool.minimumScore=1e-6"])
            try refused.prepare()
            let error = #expect(throws: RecipeError.self) { try refused.findOrder() }
            #expect(error?.description.contains("validation mean absolute error of 0.0") == true)

            let compared = try chain.run("compared")
            compared.options.arms = 4
            try compared.prepare()
            let directory = try RunDirectory(chain.path("compared"), mode: .new)
            let comparison = try compared.compare(
                compared.order(in: directory, resuming: false), seeds: 1, in: directory, resuming: false)
            #expect(comparison.results.map(\.metric) == Array(repeating: .meanAbsoluteError, count: 4))
            #expect(comparison.json["metric"]?["name"] == "meanAbsoluteError")
            #expect(comparison.json["arms"]?.arrayValue?.allSatisfy { $0["testMeanAbsoluteError"] != nil } == true)
            #expect(!comparison.table.contains("%") && comparison.table.contains("none has several seeds"))
            let best = comparison.results.min { $0.bestValidation ?? 9 < $1.bestValidation ?? 9 }
            #expect(comparison.verdict.highest.map { comparison.verdict.candidates[$0].name } == best?.arm.rawValue)
            #expect(try text(chain.path("compared") + "/report.html").contains("mean absolute error"))
        }
    }
}

/// A student of the mean brightness with two tiny teachers, two stages of an epoch each.
private struct MeanChain {
    let folder: TemporaryFolder
    let messages = Messages()

    init() throws {
        folder = try TemporaryFolder()
        try write(
            meanRecipe.replacingOccurrences(of: "epochs: 3", with: "epochs: 1") + "\ntask: mean\n" + """
                pool:
                  teachers:
                    - {name: first, config: teacher.yaml, set: [training.epochs=1, "model.widths=[10, 16]"]}
                    - {name: second, config: teacher.yaml, set: [training.epochs=10, "model.widths=[12, 16]"]}
                student: {name: small}
                order: [first, second]
                stage: {epochs: 1, losses: [{kind: pkd}], balance: first-steps, balanceSteps: 4}
                """, "chain.yaml")
        try write(meanRecipe + "\ntask: mean\n", "teacher.yaml")
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    func run(_ name: String, _ overrides: [String] = []) throws -> DistillationRun<MeanConfiguration> {
        let configuration = try DistillationRecipe.load(
            path("chain.yaml"),
            overrides: ["pool.directory=\(path("pool"))", "training.saveEveryUpdates=2", "student.start=scratch"]
                + overrides)
        let task = try #require(configuration.recipe.task as? MeanConfiguration)
        return try DistillationRun(configuration, task, output: path(name), console: messages.console)
    }

    @discardableResult
    func distill(
        _ name: String, mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil
    ) throws -> DistillationSummary {
        let run = try run(name)
        run.options.beforeUpdate = { if $0 == update { throw Crash() } }
        let directory = try RunDirectory(path(name), mode: mode)
        try run.prepare()
        let isResuming = mode == .resume
        return try run.run(
            .progressive, run.order(in: directory, resuming: isResuming), in: directory, resuming: isResuming)
    }
}
