import Checkpoints
import Configuration
import Datasets
import Foundation
import JSON
import Reporting
import Tasks
import Testing
import Training

@Suite struct SummaryTests {
    private var whole: Summary {
        var summary = Summary(metric: .accuracy)
        summary.test = Scores(loss: 0.5, count: 360, [.accuracy: 0.75, .topFiveAccuracy: 0.95])
        summary.validation = Scores(loss: 0.25, count: 0, [.accuracy: 0.875])
        (summary.bestEpoch, summary.bestValidation, summary.bestTest) = (3, 0.9, 0.8)
        summary.averageTest = 0.85
        summary.cost.epochs = 4
        summary.cost.updates = 80
        summary.cost.imagesPerSecond = 1234.56
        summary.cost.seconds = 12.34567
        summary.cost.peakMemoryMB = 99.96
        summary.cost.parameters = 4321
        return summary
    }

    private let text =
        #"{"testAccuracy":0.75,"testLoss":0.5,"bestEpoch":3,"bestValidationAccuracy":0.9,"#
        + #""bestTestAccuracy":0.8,"emaTestAccuracy":0.85,"validationAccuracy":0.875,"validationLoss":0.25,"#
        + #""epochs":4,"updates":80,"imagesPerSecond":1234.6,"seconds":12.346,"peakMemoryMB":100.0,"#
        + #""parameters":4321"#

    private func again(_ summary: Summary) throws -> Summary {
        try #require(Summary(try JSONValue(parsing: summary.json.text())))
    }

    /// As the program wrote it before tasks had metrics of their own.
    @Test func ofAClassifierItIsByteForByteWhatRunsHave() throws {
        #expect(whole.json.text() == text + "}")
        var stopped = whole
        (stopped.averageValidation, stopped.stoppedEarly) = (0.25, "enough")
        #expect(stopped.json.text() == text + #","emaValidationAccuracy":0.25,"stoppedEarly":"enough"}"#)
        let read = try again(stopped)
        #expect(read.json.text() == stopped.json.text() && read.rows == stopped.rows)
        #expect(read.metric == .accuracy && read.best == 0.8 && read.resultPart == .test)
        #expect(read.cost.updates == 80 && read.stoppedEarly == "enough")
    }

    @Test func rowsSayWhatCameOut() {
        #expect(
            whole.rows == [
                ["test accuracy (last epoch)", "75.00%"], ["test loss", "0.5000"],
                ["best epoch", "3 (validation 90.00%)"], ["test accuracy (best epoch)", "80.00%"],
                ["test accuracy (moving average)", "85.00%"],
            ])
        #expect(
            Summary(metric: .accuracy).rows == [["test", "none, and no validation part: nothing was measured"]])
    }

    @Test func withoutATestPartResultsAreOfValidation() throws {
        var summary = whole
        (summary.test, summary.bestTest, summary.averageTest, summary.averageValidation) = (nil, nil, nil, 0.5)
        #expect(summary.resultPart == .validation && summary.best == 0.9)
        #expect(summary.json["testAccuracy"] == .null && summary.json["testLoss"] == .null)
        let rows = [
            ["validation accuracy (last epoch)", "87.50%"], ["validation loss", "0.2500"],
            ["best epoch", "3 (validation 90.00%)"], ["validation accuracy (moving average)", "50.00%"],
            ["test", "none, results are of validation"],
        ]
        #expect(summary.rows == rows)
        let read = try again(summary)
        #expect(read.test == nil && read.rows == rows && read.json == summary.json)
    }

    @Test func ofAnotherMetricItNamesItAndHasTheOtherValues() throws {
        var summary = Summary(metric: .meanAbsoluteError)
        summary.test = Scores(loss: 0.5, count: 9, [.meanAbsoluteError: 0.25, .largestError: 2])
        summary.validation = Scores(loss: 0.25, count: 9, [.meanAbsoluteError: 0.125, .largestError: 1])
        (summary.bestEpoch, summary.bestValidation, summary.bestTest) = (1, 0.1, 0.2)
        let text = summary.json.text()
        #expect(text.hasPrefix(#"{"testMeanAbsoluteError":0.25,"testLoss":0.5,"bestEpoch":1,"bestValidationMean"#))
        #expect(
            text.hasSuffix(
                #""metric":{"name":"meanAbsoluteError","title":"mean absolute error","style":"plain","#
                    + #""isHigherBetter":false},"testLargestError":2.0,"validationLargestError":1.0}"#))
        #expect(
            summary.rows == [
                ["test mean absolute error (last epoch)", "0.2500"], ["test largest error", "2.0000"],
                ["test loss", "0.5000"], ["best epoch", "1 (validation 0.1000)"],
                ["test mean absolute error (best epoch)", "0.2000"],
            ])
        let read = try again(summary)
        #expect(read.metric == .meanAbsoluteError && read.test?.primary == 0.25 && read.bestTest == 0.2)
        #expect(read.validation?.loss == 0.25 && read.best == 0.2)
    }

    @Test(arguments: ["bestEpoch", "seconds", "testAccuracy", "bestTestAccuracy"])
    func withoutOneOfItsNumbersItIsRefused(name: String) {
        var json = whole.json
        json[name] = nil
        #expect(Summary(json) == nil)
    }
}

@Suite struct ResumptionTests {
    private func difference(_ before: [String], _ after: [String]) throws -> String? {
        ResumptionCheck.difference(try recipe(after).entries, from: try recipe(before).entries, "run")
    }

    @Test func whatChangesNoResultMayDiffer() throws {
        #expect(try difference([], []) == nil)
        #expect(
            try difference(
                [],
                [
                    "training.threads=3", "training.loaderThreads=2", "data.cacheMegabytes=1", "run.output=x",
                    "reporting.htmlReport=false", "reporting.tensorBoard=true", "data.path=/moved",
                    "training.saveEveryUpdates=1",
                ]) == nil)
    }

    @Test func whatChangesAResultIsNamedWithBothValues() throws {
        let start = "run: the configuration is not the one the run was started with "
        #expect(try difference([], ["run.seed=1"]) == start + "(run.seed: 0 -> 1)")
        #expect(
            try difference([], ["optimizer.ema=null"])?.contains("optimizer.ema.decay: 0.9 -> nothing") == true)
        #expect(
            try difference(["optimizer.ema=null"], [])?.contains("optimizer.ema.decay: nothing -> 0.9") == true)
        #expect(try difference([], ["loss.mixup=0.3"]) == start + "(loss.mixup: 0.2 -> 0.3)")
    }

    @Test func aLongerRunIsTheSameWhereTheLearningRateDoesNotDependOnItsLength() throws {
        for (kind, mayChange) in [("constant", true), ("step", true), ("cosine", false)] {
            let schedule = ["schedule.kind=\(kind)"]
            #expect(
                try (difference(schedule, schedule + ["training.epochs=9"]) == nil) == mayChange, "\(kind)")
        }
    }

    @Test func defaultsOfEarlierVersionsAreTakenAsThoseOfToday() throws {
        #expect(try difference(["training.dropLast=true"], ["training.dropLast=auto"]) == nil)
        #expect(try difference(["training.dropLast=false"], ["training.dropLast=auto"]) != nil)
        #expect(try difference(["data.validation=0.1"], ["data.validation=auto"]) == nil)
        #expect(try difference(["data.validation=0.2"], ["data.validation=auto"]) != nil)
    }

    private func metadata(_ names: [String], _ data: PreparedData<ClassLabel>) -> WeightsMetadata {
        WeightsMetadata(
            specification: data.specification, vocabulary: Vocabulary(task: "classification", classNames: names),
            transform: data.plan)
    }

    @Test func otherDataIsRefusedAndMovedDataIsNot() throws {
        let data = try prepared(recipe())
        func fingerprint(
            _ counts: (Int, Int?, Int?), names: [String]? = nil, path: String = "here"
        ) throws -> DataFingerprint {
            try DataFingerprint(counts: counts, metadata(names ?? data.classNames, data), dataPath: path)
        }
        let saved = try fingerprint((100, 10, nil), path: "there").json
        #expect(saved["training"] == 100 && saved["validation"] == 10 && saved["test"] == 0)
        #expect(throws: Never.self) { try fingerprint((100, 10, nil)).check(saved, path: "run") }
        #expect(throws: Never.self) { try fingerprint((100, 10, nil)).check(nil, path: "run") }
        // Through a file and back.
        let read = try JSONValue(parsing: saved.text())
        #expect(throws: Never.self) { try fingerprint((100, 10, nil)).check(read, path: "run") }
        for (counts, part) in [
            ((90, 10, nil), "90 training"), ((100, nil, nil), "0 validation"), ((100, 10, 5), "5 test"),
        ]
            as [((Int, Int?, Int?), String)]
        {
            let error = #expect(throws: RecipeError.self) { try fingerprint(counts).check(saved, path: "run") }
            #expect(
                error?.description.hasPrefix("here has \(part) images, but the run in run was started with ") == true)
        }
        let names = Array(data.classNames.reversed())
        let error = #expect(throws: RecipeError.self) {
            try fingerprint((100, 10, nil), names: names).check(saved, path: "run")
        }
        #expect(error?.description.contains("here has other images or classes than the run in run") == true)
    }

    @Test func aFolderIsFinishedWhereItsEpochsAreDoneOrItStoppedEarly() throws {
        let folder = try TemporaryFolder()
        let recipe = try recipe()
        func leave(epoch: Int, stopped: String? = nil, summary: String? = #"{"seconds":1}"#) throws {
            try? FileManager.default.removeItem(atPath: folder.path + "/state")
            try? FileManager.default.removeItem(atPath: folder.path + "/summary.json")
            try AtomicFile.write(folder.path + "/config.yaml", recipe.resolvedYAML)
            var progress = RunProgress()
            (progress.epoch, progress.stoppedEarly) = (epoch, stopped)
            var states = StateStore(directory: folder.path + "/state")
            try states.save(files: [:], info: ["progress": progress.json])
            if let summary { try AtomicFile.write(folder.path + "/summary.json", summary) }
        }
        #expect(try FinishedRun(in: folder.path, recipe) == nil, "nothing is there")
        try leave(epoch: 1)
        #expect(try FinishedRun(in: folder.path, recipe) == nil, "one of two epochs is done")
        try leave(epoch: 2)
        let finished = try #require(try FinishedRun(in: folder.path, recipe))
        #expect(finished.summary == ["seconds": 1] && finished.warning == nil)
        let other = try FinishedRun(in: folder.path, TrainingTests.recipe(["run.seed=4"]))
        #expect(other?.warning?.contains("run.seed: 0 -> 4") == true)
        try leave(epoch: 1, stopped: "enough")
        #expect(try FinishedRun(in: folder.path, recipe) != nil)
        try leave(epoch: 2, summary: nil)
        #expect(try FinishedRun(in: folder.path, recipe) == nil, "its summary is not written yet")
        try leave(epoch: 2, summary: "{")
        #expect(try FinishedRun(in: folder.path, recipe) == nil, "its summary is damaged")
    }
}

@Suite struct RecipeValueTests {
    private let chain =
        smallRecipe + """

            student: {name: small, start: scratch}
            pool: {teachers: [{name: big, config: big.yaml}]}
            order: [big]
            stage: {epochs: 3, losses: [{kind: kd}]}
            """

    private func document(_ text: String, _ overrides: [String] = []) throws -> ConfigurationDocument {
        try ConfigurationDocument.parse(text: text, name: "small.yaml", overrides: overrides)
    }

    private func values(_ entries: [ConfigurationEntry]) -> [String] {
        entries.filter { $0.kind == .value }.map { "\($0.path)=\($0.value)" }
    }

    @Test func theRecipeWithinALargerConfigurationIsTheRecipeAlone() throws {
        let overrides = ["training.epochs=7", "model.baseWidth=12"]
        let within = try Recipe(within: document(chain, overrides), path: "small.yaml")
        let alone = try Recipe(document(smallRecipe, overrides), path: "small.yaml")
        #expect(within.resolvedYAML == alone.resolvedYAML && values(within.entries) == values(alone.entries))
        #expect(within.training.epochs == 7 && !within.resolvedYAML.contains("pool"))
        #expect(throws: ConfigurationError.self) { try Recipe(document(chain), path: "small.yaml") }
    }

    @Test func aResolvedRecipeIsReadAgainAndGivesTheSame() throws {
        let recipe = try recipe(["loss.classWeights=balanced", "data.classNames=[a, 'null', '1e3']"])
        let again = try Recipe(document(recipe.resolvedYAML), path: "small.yaml")
        #expect(again.resolvedYAML == recipe.resolvedYAML && values(again.entries) == values(recipe.entries))
        #expect(again.data.classNames == ["a", "null", "1e3"])
    }

    /// Paths that would be something else in YAML, were they pasted into it.
    @Test(arguments: [
        "Runs/big/weights/best.safetensors", "a: b", "null", "1e3", "it's \"so\" #1", "[x]", " x ", "~", "*x",
        "é\u{202E}y",
    ])
    func aRecipeWithATeacherIsReadAgainAndGivesTheSame(weights: String) throws {
        let recipe = try recipe(["training.epochs=7"])
        let made = try DistillationRecipe.training(recipe, teacher: weights)
        #expect(made.pool.members.map(\.name) == ["teacher"] && made.pool.members[0].config == nil)
        #expect(
            made.student.start == .scratch && made.order == ["teacher"] && made.stages.stage(for: "teacher").epochs == 7
        )
        #expect(made.recipe.resolvedYAML == recipe.resolvedYAML && made.plain?.resolvedYAML == recipe.resolvedYAML)
        let again = try DistillationRecipe(document(made.resolvedYAML), path: "small.yaml")
        #expect(again.resolvedYAML == made.resolvedYAML && values(again.entries) == values(made.entries))
        #expect(again.pool.members[0].weights == made.pool.members[0].weights)
        if weights != "~" { #expect(made.pool.members[0].weights == weights) }
    }

    @Test func ofARecipeThatIsADistillationAlreadyTheTeacherIsReplaced() throws {
        let within = try Recipe(within: document(chain), path: "small.yaml")
        let made = try DistillationRecipe.training(within, teacher: "x.safetensors")
        #expect(made.pool.members.map(\.weights) == ["x.safetensors"] && made.student.name == "student")
    }
}
