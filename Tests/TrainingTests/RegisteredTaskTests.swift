import Autograd
import Checkpoints
import Configuration
import Datasets
import Foundation
import JSON
import Layers
import Reporting
import Tasks
import Tensors
import Testing
import Training

/// What needs a name that the program knows. Each in a process of its own, since the list of tasks is the whole process's.
@Suite struct RegisteredTaskTests {
    @Test func weightsNameTheirTaskAndAreMeasuredAndPredictedWith() async {
        await #expect(processExitsWith: .success) {
            try TaskRegistry.register(MeanConfiguration.self)
            let folder = try TemporaryFolder()
            let path = folder.path + "/run"
            let recipe = try recipe(["task=mean"], meanRecipe)
            #expect(recipe.task is MeanConfiguration)
            // The task answers with one number, whatever a configuration says.
            #expect(throws: ConfigurationError.self) {
                try TrainingTests.recipe(["task=mean", "model.classes=5"], meanRecipe)
            }
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
            let lines = try contents(chain.path("whole") + "/metrics.jsonl")
            #expect(lines.contains("loss.pkd") && lines.contains("validationMeanAbsoluteError"))
            #expect(!lines.lowercased().contains("accuracy"))
            let file = try contents(chain.path("whole") + "/summary.json")
            #expect(file.contains("trainMeanAbsoluteError") && !file.contains("Accuracy"))
            let read = try #require(DistillationSummary(try JSONValue(parsing: file), stages: nil))
            #expect(read.train.primary == whole.train.primary && read.gap == whole.gap)
            let page = try contents(chain.path("whole") + "/report.html")
            #expect(page.contains("mean absolute error"))
            #expect(!chain.messages.all.contains("report is incomplete"), "\(chain.messages.all)")
            let stages = try contents(chain.path("whole") + "/stages.json")
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
            #expect(error?.description.hasPrefix("first has a validation mean absolute error of 0.0") == true)
            #expect(error?.description.hasSuffix(", above pool.minimumScore 0.0000") == true)

            // A loss that needs the class of each answer has no place here.
            let unfit = #expect(throws: RecipeError.self) { try chain.run("unfit", ["stage.losses=[{kind: dkd}]"]) }
            #expect(unfit?.description.contains("dkd needs the right class of each answer") == true)

            let compared = try chain.run("compared")
            compared.options.arms = 4
            try compared.prepare()
            let directory = try RunDirectory(chain.path("compared"), mode: .new)
            let comparison = try compared.compare(
                compared.order(in: directory, resuming: false), seeds: 1, in: directory, resuming: false)
            #expect(comparison.results.map(\.metric) == Array(repeating: .meanAbsoluteError, count: 5))
            #expect(comparison.json["metric"]?["name"] == "meanAbsoluteError")
            #expect(comparison.json["arms"]?.arrayValue?.allSatisfy { $0["testMeanAbsoluteError"] != nil } == true)
            #expect(!comparison.table.contains("%") && comparison.table.contains("none has several seeds"))
            let best = comparison.results.min { $0.bestValidation ?? 9 < $1.bestValidation ?? 9 }
            #expect(comparison.verdict.highest.map { comparison.verdict.candidates[$0].name } == best?.arm.rawValue)
            #expect(try contents(chain.path("compared") + "/report.html").contains("mean absolute error"))
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
