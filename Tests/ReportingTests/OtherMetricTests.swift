import Foundation
import JSON
import Reporting
import Testing

/// Reports of a run that regresses a number: its metric is no share, has a plain style, and less of it is better.
@Suite struct OtherMetricTests {
    private static let error = Metric(
        "meanAbsoluteError", title: "mean absolute error", style: .plain, isHigherBetter: false)
    private static let within = Metric("withinTolerance", title: "share within tolerance")

    /// The folder of a finished run whose error falls to `best` in epoch 5 and rises again.
    private func folder(_ name: String = "run", best: Double = 0.2, rate: String = "0.001", seed: Int = 0) throws
        -> RunFolder
    {
        let folder = try RunFolder(name)
        try folder.fill(rate: rate, seed: seed)
        try folder.write("metrics.jsonl", lines: (1...6).map { Self.epoch($0, best) })
        try folder.write("summary.json", Self.summary(best))
        // Whatever else the findings hold, they are not those of a classifier.
        for name in ["report/result.json", "report/samples.json"] {
            var findings = try folder.json(name)
            findings["task"] = "measuring"
            try folder.write(name, findings)
        }
        var run = try folder.json("report/run.json")
        run["metrics"] = [Self.error.json, Self.within.json]
        run["classNames"] = .null
        try folder.write("report/run.json", run)
        return folder
    }

    private static func summary(_ best: Double) -> JSONValue {
        [
            "metric": error.json, "testMeanAbsoluteError": .number(best + 0.05), "testLoss": 0.6, "bestEpoch": 5,
            "bestValidationMeanAbsoluteError": .number(best), "bestTestMeanAbsoluteError": .number(best + 0.01),
            "validationMeanAbsoluteError": .number(best + 0.02), "epochs": 6, "seconds": 6.5,
        ]
    }

    private static func epoch(_ number: Int, _ best: Double) -> JSONValue {
        let distance = Double(abs(number - 5))
        return [
            "epoch": .integer(number), "update": .integer(10 * number), "trainLoss": .number(2 / Double(number)),
            "trainMeanAbsoluteError": .number(best + 40 * distance),
            "validationLoss": .number(1 / Double(number)),
            "validationMeanAbsoluteError": .number(best + 41 * distance),
            "validationWithinTolerance": .number(0.9 - 0.1 * distance), "learningRate": 0.001,
            "seconds": .number(Double(number)), "imagesPerSecond": 1000,
        ]
    }

    @Test func aRunPageSpeaksOfTheMetric() throws {
        let record = try folder().record
        #expect(record.metrics == [Self.error, Self.within] && record.primary == Self.error)
        #expect(record.lastScore == 0.25 && record.bestValidation == 0.2 && record.resultPart == .test)
        let html = RunPage.html(record)
        #expect(html.contains("<b>0.2500</b> is the mean absolute error on 8 test images after 6 epochs in 7s."))
        #expect(html.contains("<span>Test, best epoch</span><strong>0.2100<small>epoch 5</small></strong>"))
        #expect(html.contains("<strong>Mean absolute error</strong>"))
        #expect(html.contains("<strong>Share within tolerance</strong>"))
        #expect(html.contains(">best 0.2000</text>"))
        #expect(html.contains("validation mean absolute error") && html.contains("validation share within tolerance"))
        #expect(!html.localizedCaseInsensitiveContains("accuracy") && !html.contains("recognised"))
        // The error falls by more than a factor of 30, so its axis is logarithmic; as a share it would end at 100 %.
        let chart = try #require(
            html.firstMatch(of: #/aria-label="Mean absolute error"[\s\S]*?<\/svg>/#)
        ).output
        let ticks = chart.matches(of: #/text-anchor="end">([\d.]+)</#).compactMap { Double($0.output.1) }
        #expect(try #require(ticks.max()) >= 100 && !chart.contains("%"))
        // Another task's findings are no classes and no mistakes.
        for part in ["classes", "mistakes", "augmentation"] { #expect(!html.contains("<section id=\"\(part)\">")) }
    }

    @Test func withoutASummaryTheLowestEpochIsTheBest() throws {
        let folder = try folder()
        try FileManager.default.removeItem(atPath: folder.path + "/summary.json")
        let record = try folder.record
        #expect(record.bestValidation == 0.2)
        let html = RunPage.html(record)
        #expect(html.contains("<b>41.2000</b> validation mean absolute error after epoch 6"))
        #expect(html.contains(">best 0.2000</text>"))
    }

    @Test func theLowerErrorWinsAComparison() throws {
        let folders = try [(0.2, "0.001", 0), (0.21, "0.001", 1), (0.9, "0.002", 0), (0.92, "0.002", 1)].enumerated()
            .map { try folder("run\($0)", best: $1.0, rate: $1.1, seed: $1.2) }
        let comparison = RunComparison(try folders.map { try $0.record })
        #expect(comparison.verdict.winner == 0 && comparison.metric == Self.error)
        let html = ComparisonPage.html(comparison.records)
        #expect(html.firstMatch(of: #/class="n best" data-order="0.205\d*">0.2050 ± 0.0071<\/td>/#) != nil)
        #expect(html.contains("The validation mean absolute error that does best is in blue"))
        #expect(html.contains("<strong>Validation mean absolute error</strong>"))
        #expect(!html.contains("leave an error of") && !html.localizedCaseInsensitiveContains("accuracy"))
        let json = comparison.json
        let runs = try #require(json["runs"]?.arrayValue)
        #expect(runs[2]["bestValidationMeanAbsoluteError"] == .number(0.9))
        #expect(Metric(runs[2]["metric"] ?? .null) == Self.error)
        #expect(json["groups"]?.arrayValue?[1]["bestValidationMeanAbsoluteError"]?["mean"] == .number(0.91))
    }

    @Test func runsOfDifferentMetricsHaveNoCommonColumn() throws {
        let other = try RunFolder("classes")
        try other.fill()
        let comparison = RunComparison([try folder("numbers").record, try other.record])
        #expect(comparison.metric == nil && comparison.verdict.winner == nil)
        let html = ComparisonPage.html(comparison.records)
        #expect(
            html.contains(
                "These runs are measured by different metrics (<b>mean absolute error, accuracy</b>), so nothing is "
                    + "compared."))
        for text in ["best validation", "test, last epoch", "test loss", "Validation loss", "class=\"n best\""] {
            #expect(!html.contains(text), "\(text)")
        }
        #expect(
            html.contains("<strong>Learning rate</strong>") && html.contains("<th scope=\"col\" class=\"n\">epochs"))
        #expect(comparison.json["best"] == .null)
    }

    @Test func aSweepGoesForTheLowerError() throws {
        let path = NSTemporaryDirectory() + "hornbeam-\(UUID().uuidString)/sweep"
        defer { try? FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent()) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        func write(_ summaries: [JSONValue]) throws {
            let runs = zip([("1", "0"), ("1", "1"), ("2", "0"), ("2", "1")], summaries).map {
                pair, summary -> JSONValue in
                [
                    "values": ["a.b": .string(pair.0), "a.c": .string(pair.1)], "folder": .string(pair.0 + pair.1),
                    "summary": summary,
                ]
            }
            let json: JSONValue = ["runs": .array(runs)]
            try json.text().write(toFile: path + "/sweep.json", atomically: true, encoding: .utf8)
        }
        let values = [3.0, 2, 1, 4]
        for (name, value) in zip(["10", "11", "20", "21"], values) {
            let made = try folder("run", best: value)
            try FileManager.default.moveItem(atPath: made.path, toPath: path + "/" + name)
        }
        try write(values.map(Self.summary))
        let sweep = try SweepRecord(folder: path)
        #expect(sweep.metric == Self.error && sweep.verdict.highest == 2)
        let html = SweepPage.html(sweep)
        #expect(html.contains("b=2, c=0</b> leads by 1.0000;"))
        // The lowest error is the darkest cell, the highest the palest.
        #expect(html.contains("<td style=\"--a:0.60\"><b>1.0000</b></td>"))
        #expect(html.contains("<td style=\"--a:0.06\"><b>4.0000</b></td>"))
        #expect(html.contains("aria-label=\"Mean absolute error over b\"") && !html.contains("%</text>"))
        #expect(!html.localizedCaseInsensitiveContains("accuracy"))

        try write(values.dropLast().map(Self.summary) + [["bestValidationAccuracy": 0.9]])
        let mixed = try SweepRecord(folder: path)
        #expect(mixed.metric == nil)
        let page = SweepPage.html(mixed)
        #expect(page.contains("measured by different metrics") && !page.contains("best validation"))
    }

    @Test func tagsOfEventFilesAreTheMetricsNames() throws {
        let events = try EventReader.read(TensorBoardExport.file(try folder().record))
        let tags = events.reduce(into: Set<String>()) { $0.formUnion($1.scalars.keys) }
        for tag in [
            "meanAbsoluteError/train", "meanAbsoluteError/validation", "withinTolerance/validation", "loss/train",
        ] { #expect(tags.contains(tag), "\(tag)") }
        #expect(!tags.contains { $0.hasPrefix("accuracy") || $0.hasPrefix("other") })
        #expect(!events.contains { $0.images["images/confusion"] != nil })
    }

    @Test func stagesAndArmsSpeakOfTheMetric() throws {
        let folder = try folder()
        try folder.write(
            "stages.json",
            [
                [
                    "stage": 1, "teacher": "t", "epochs": 2, "testMeanAbsoluteErrorBefore": 0.5,
                    "testMeanAbsoluteErrorAfter": 0.3, "seconds": 1, "teacherSeconds": 0.5,
                ]
            ])
        let stages = RunPage.html(try folder.record)
        #expect(stages.contains("Test mean absolute error before and after each stage"))
        // A lower error is a gain.
        #expect(stages.contains(">+0.2000</td>") && stages.contains(">gain</th>"))
        func run(_ arm: String, _ value: Double) -> JSONValue {
            [
                "arm": .string(arm), "testMeanAbsoluteError": .number(value),
                "bestValidationMeanAbsoluteError": .number(value),
            ]
        }
        let comparison: JSONValue = [
            "metric": Self.error.json,
            "arms": [
                ["arm": "none", "testMeanAbsoluteError": ["mean": 0.5, "deviation": 0.01]],
                ["arm": "direct", "testMeanAbsoluteError": ["mean": 0.3, "deviation": 0.01]],
            ],
            "runs": [run("none", 0.49), run("none", 0.51), run("direct", 0.29), run("direct", 0.31)],
        ]
        try folder.write("comparison.json", comparison)
        #expect(ArmSections.verdict(comparison, validation: 4, test: 8).winner == 1)
        let arms = RunPage.html(try folder.record)
        #expect(arms.contains("<b>direct</b> does best by validation") && arms.contains("0.3000 ± 0.0100"))
        let dots = try #require(arms.firstMatch(of: #/<svg class="dots"[\s\S]*?<\/svg>/#)).output
        #expect(arms.contains("Test mean absolute error, last epoch") && !dots.contains("%</text>"))
    }

    @Test func damagedMetricsAreThoseOfOldRuns() throws {
        let folder = try folder()
        try folder.write(
            "report/run.json", ["metrics": [["name": 3], "x", ["name": "a", "title": "b", "style": "c"]]])
        try folder.write("summary.json", ["metric": ["name": ""]])
        let record = try folder.record
        #expect(record.metrics == Metric.unnamed)
        #expect(RunPage.html(record).contains("<html"))
        try folder.write(
            "report/run.json",
            ["metrics": [Metric("<b>x", title: "<img src=x>", style: .plain, isHigherBetter: true).json]])
        try folder.write("summary.json", ["test<b>x": 1])
        let html = RunPage.html(try folder.record) + ComparisonPage.html([try folder.record, try self.folder().record])
        #expect(!html.contains("<img src=x>") && html.contains("&lt;img src=x&gt;"))
    }
}
