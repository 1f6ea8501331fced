import Checkpoints
import Foundation
import JSON
import Reporting
import Tasks
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
    try contents(folder + "/metrics.jsonl").split(separator: "\n").map { try JSONValue(parsing: String($0)) }
}

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
            let log = try contents(path + "/metrics.jsonl") + contents(path + "/summary.json")
            #expect(!log.lowercased().contains("accuracy"))
            #expect(!messages.all.contains("accuracy") && !messages.all.contains("%"))
            #expect(messages.all.contains("epoch 3/3") && messages.all.contains("  validation 0.0"))

            #expect(result.metric == .meanAbsoluteError)
            let json = try JSONValue(parsing: contents(path + "/summary.json"))
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
            let page = try contents(path + "/report.html")
            #expect(page.contains("mean absolute error") && page.contains("largest error"))
            #expect(!page.contains("top-five") && !page.contains("confusion"))
            #expect(page.range(of: #"\baccuracy\b"#, options: .regularExpression) == nil)
            let result = try JSONValue(parsing: contents(path + "/report/result.json"))
            #expect(result["task"] == "mean" && result["meanAbsoluteError"]?.doubleValue != nil)
            #expect(result["confusion"] == nil && result["count"] == 100)
            let samples = try JSONValue(parsing: contents(path + "/report/samples.json"))
            #expect(samples["task"] == "mean" && samples["images"]?.arrayValue?.count == 10)
            #expect(samples["images"]?.arrayValue?.first?["brightness"]?.doubleValue != nil)
            let description = try JSONValue(parsing: contents(path + "/report/run.json"))
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
            let again = try #require(Summary(try JSONValue(parsing: contents(path + "/summary.json"))))
            #expect(again.best == result.bestValidation && again.rows == result.rows)
        }
    }
}
