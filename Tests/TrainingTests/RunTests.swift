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

extension Runs {
    @Suite struct Results {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }

        init() throws { folder = try TemporaryFolder() }

        @Test func aRunLearnsAndLeavesWhatItPromises() throws {
            let result = try train(
                path,
                ["training.epochs=3", "loss.mixup=0", "optimizer.learningRate=2e-2", "reporting.testEveryEpoch=true"])
            let accuracy = try #require(result.test?[.accuracy])
            #expect(accuracy > 0.4)
            #expect(result.cost.updates == 60)
            let json = try summary(path)
            for key in [
                "testAccuracy", "testLoss", "bestEpoch", "bestValidationAccuracy", "bestTestAccuracy",
                "emaTestAccuracy", "validationAccuracy", "validationLoss", "epochs", "updates", "imagesPerSecond",
                "seconds", "peakMemoryMB", "parameters",
            ] {
                #expect(json[key] is Double, "\(key) is missing")
            }
            let lines = try metrics(path)
            #expect(lines.map { $0["epoch"] } == [1, 2, 3])
            #expect(accuracy == (accuracy * 360).rounded() / 360)
            #expect(lines.last?["testAccuracy"] == json["testAccuracy"] as? Double)
            // The resolved configuration is one to train with.
            let again = folder.path + "/again"
            let resolved = try Recipe.load(path + "/config.yaml")
            _ = try run(of: resolved).run(in: RunDirectory(again, mode: .new), resuming: false)
            try expectSameRun(path, again)
        }

        @Test func eachWeightsFileHoldsWhatWasMeasured() throws {
            let result = try train(path, ["training.epochs=2"])
            let data = try prepared(recipe())
            func accuracy(_ name: String) throws -> Double {
                let weights = try Weights.read("\(path)/weights/\(name).safetensors")
                let result = try measured(weights, data.splits.test)
                #expect(result.scores.count == 360, "the last partial batch must count")
                #expect(result.confusion.joined().reduce(0, +) == 360)
                return result.scores.primary
            }
            #expect(try accuracy("last") == result.test?.primary)
            #expect(try accuracy("best") == result.bestTest)
            #expect(try accuracy("ema") == result.averageTest)
        }

        @Test func weightsDependOnTheRunAlone() throws {
            try train(path, ["training.epochs=1"])
            let other = folder.path + "/elsewhere"
            try train(
                other,
                ["training.epochs=1", "training.threads=3", "training.loaderThreads=0", "data.cacheMegabytes=0"])
            try expectSameRun(path, other)
            let file = try SafetensorsFile.read(path: path + "/weights/last.safetensors")
            #expect(
                file.metadata.keys.sorted()
                    == ["format", "hornbeam.classes", "hornbeam.model", "hornbeam.transform", "hornbeam.version"])
            #expect(file.metadata["hornbeam.model"]?.hasPrefix(#"{"hornet":{"baseWidth":8,"classes":10,"#) == true)
        }

        @Test func earlyStoppingEndsARunThatNoLongerImproves() throws {
            let messages = Messages()
            // A rate this small changes no prediction.
            let overrides = [
                "training.earlyStopping=2", "training.epochs=9", "optimizer.learningRate=1e-12",
                "schedule.minimumLearningRate=0", "model.dropPath=0",
            ]
            let result = try train(path, overrides, messages)
            #expect(result.cost.epochs < 9)
            #expect(result.cost.epochs == result.bestEpoch + 2)
            #expect(
                messages.all.contains("stopped after epoch \(result.cost.epochs): no better validation accuracy than"))
            #expect(try FinishedRun(in: path, recipe(overrides)) != nil)
        }

        @Test func aTrainingSetSmallerThanABatchMakesOneShortBatch() throws {
            let data = folder.path + "/data"
            try writeIDX(data, images: 11)
            let messages = Messages()
            let result = try train(
                path, ["data.path=\(data)", "training.batchSize=128", "data.validation=0"], messages)
            #expect(result.cost.updates == 2)
            #expect(messages.all.contains("every epoch is one short batch"))
        }

        @Test func aWarmupThatDoesNotFitIsCutWithANotice() throws {
            let run = try TrainingTests.run(of: recipe(["schedule.warmupEpochs=5"]))
            #expect(
                run.notices == [
                    "A warm-up of 100 updates (schedule.warmupEpochs) does not fit a run of 40; it is cut to 8."
                ])
        }

        @Test func classNamesAndOutputsMayBeGiven() throws {
            let names = (0..<10).map { "digit\($0)" }
            let data = try prepared(
                recipe(["data.classNames=[\(names.joined(separator: ","))]", "model.classes=12"]))
            #expect(data.classNames == names + ["class 10", "class 11"])
            #expect(data.specification.classes == 12)
            #expect(data.notices.contains { $0.contains("the other outputs stay unused") })
            #expect(throws: RecipeError("data.classNames has 2 names, but digits has 10 classes")) {
                try prepared(recipe(["data.classNames=[a, b]"]))
            }
            #expect(throws: RecipeError("model.classes is 3, but digits has 10 classes")) {
                try prepared(recipe(["model.classes=3"]))
            }
        }
    }

    @Suite struct Guard {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }

        init() throws { folder = try TemporaryFolder() }

        private let explosive = ["optimizer.learningRate=1e30", "optimizer.clipNorm=0", "optimizer.kind=sgd"]

        @Test func aLossThatIsNotFiniteStopsBeforeTheUpdateAndNamesThePlace() throws {
            let error = #expect(throws: NonFiniteError.self) { try train(path, explosive) }
            #expect(error?.what == "loss")
            #expect(error?.place.hasPrefix("the output [64, 8, 8, ") == true, "\(error?.place ?? "")")
            #expect(!FileManager.default.fileExists(atPath: path + "/weights/last.safetensors"))
        }

        @Test func aPostMortemNamesTheImagesAndTheBadNumbers() throws {
            let error = #expect(throws: NonFiniteError.self) { try train(path, explosive) }
            #expect(error?.postMortem == path + "/post-mortem.json")
            let text = try String(contentsOfFile: path + "/post-mortem.json", encoding: .utf8)
            let found = try JSONValue(parsing: text)
            #expect(found["update"]?.integerValue == error?.update)
            #expect(found["images"]?.arrayValue?.count == 64)
            #expect(found["images"]?.arrayValue?.first?["name"]?.stringValue?.hasPrefix("digits") == true)
            #expect(found["parameters"]?["head.weight"]?["greatest"]?.doubleValue ?? 0 > 1)
            #expect(found["gradients"]?.objectValue?.count == found["parameters"]?.objectValue?.count)
        }

        @Test func anUpdateWithoutFiniteNumbersIsLeftOutWhereTheRecipeSaysSo() throws {
            // Weights beyond repair: ten in a row, then the run stops.
            let error = #expect(throws: NonFiniteError.self) {
                try train(path, explosive + ["training.onNonFinite=skip"])
            }
            #expect(error?.skippedBefore == 10)
            #expect(error?.description.contains("as in the 10 updates before") == true)
            #expect(!FileManager.default.fileExists(atPath: path + "/weights/last.safetensors"))
        }

        @Test func aSingleFaultyUpdateIsLeftOutAndAResumedRunAgrees() throws {
            func train(_ name: String, _ mode: RunDirectory.Mode, crashBefore: Int? = nil) throws {
                let recipe = try recipe(["training.onNonFinite=skip", "training.saveEveryUpdates=4"])
                let data = try prepared(recipe)
                let task = StandInTask(data.vocabulary, faulty: [3, 9, 10, 25])
                let run = try TrainingRun(recipe, data: data, task: task, console: Messages().console)
                run.beforeUpdate = { if $0 == crashBefore { throw Crash() } }
                let directory = try RunDirectory("\(folder.path)/\(name)", mode: mode)
                _ = try run.run(in: directory, resuming: mode == .resume)
            }
            try train("whole", .new)
            #expect(throws: Crash.self) { try train("cut", .new, crashBefore: 10) }
            try train("cut", .resume)
            try expectSameRun(folder.path + "/whole", folder.path + "/cut")
            let lines = try metrics(folder.path + "/whole")
            #expect(lines.map { $0["skippedUpdates"] } == [3, 1])
            #expect(lines.map { $0["update"] } == [20, 40])
        }

        @Test func infiniteWeightsAreNeverSaved() throws {
            // One update breaks the weights, and there is no later one whose loss would show it.
            let data = folder.path + "/data"
            try writeIDX(data, images: 16)
            let overrides = ["data.path=\(data)", "training.batchSize=16", "data.validation=0", "training.epochs=1"]
            let error = #expect(throws: NonFiniteError.self) {
                try train(path, overrides + explosive + ["optimizer.learningRate=1e39"])
            }
            #expect(error?.what == "parameter")
            #expect(error?.description.hasPrefix("update 0: the parameter is not finite, first seen in") == true)
            #expect(!FileManager.default.fileExists(atPath: path + "/state"))
            // Weights that are finite and yet of no use are told, too.
            let useless = #expect(throws: RecipeError.self) {
                try train(folder.path + "/other", overrides + explosive)
            }
            #expect(useless?.description.hasPrefix("the test loss after update 1 is not finite") == true)
        }

        @Test func aParameterWithoutAGradientIsAnErrorThatNamesIt() throws {
            let recipe = try recipe()
            let data = try prepared(recipe)
            let run = try TrainingRun(
                recipe, data: data, task: StandInTask(data.vocabulary, isHeadless: true), console: Messages().console)
            let directory = try RunDirectory(path, mode: .new)
            let error = #expect(throws: RecipeError.self) { try run.run(in: directory, resuming: false) }
            #expect(error?.description.contains("have no gradient, the first is") == true)
            #expect(error?.description.contains("norm.weight") == true)
        }
    }
}

/// Classification whose loss is no number at some updates, or on which the head has no influence.
private struct StandInTask: LearningTask {
    let own: ClassificationTask
    var faulty: Set<Int> = []
    /// Minimizes the size of the last stage's output instead.
    var isHeadless = false

    init(_ vocabulary: Vocabulary, faulty: Set<Int> = [], isHeadless: Bool = false) {
        own = ClassificationConfiguration.task(vocabulary)
        (self.faulty, self.isHeadless) = (faulty, isHeadless)
    }

    var vocabulary: Vocabulary { own.vocabulary }
    var metrics: [Metric] { own.metrics }
    func collator(training: Bool) -> LabelCollator { own.collator(training: training) }
    func evaluator(_ options: EvaluationOptions) -> ClassificationEvaluator { own.evaluator(options) }

    func loss(
        _ output: ModelOutput<Float>, _ batch: Batch<Labels>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        if isHeadless {
            let last = output.features[output.features.count - 1]
            return TaskLoss(total: last.meanSquaredError(Tensor(last.shape, repeating: 1)))
        }
        let loss = output.logits.crossEntropy(labels: batch.targets.classes, smoothing: 0)
        return TaskLoss(total: faulty.contains(update) ? loss.scaled(by: .nan) : loss)
    }
}
