import Foundation
import JSON
import Reporting
import Testing

/// What a sweep's page says where runs were stopped at rungs and keys count under conditions.
@Suite struct SweepChoiceTests {
    /// Nine configurations of a rate and, for one kind, a momentum; the best three went on from epoch 2, one from epoch 5.
    private func page() throws -> (record: SweepRecord, html: String) {
        let path = NSTemporaryDirectory() + "hornbeam-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scores = [0.5, 0.6, 0.7, 0.8, 0.9, 0.4, 0.3, 0.2, 0.1]
        let runs = scores.enumerated().map { index, score -> JSONValue in
            let isSecond = index >= 5
            var run: JSONValue = [
                "values": [
                    "kind": .string(isSecond ? "b" : "a"), "momentum": .string(isSecond ? "0.\(index)" : ""),
                ],
                "folder": .string("s/\(index)"), "summary": .null, "failure": .null, "stoppedAfter": 2,
                "atRungs": [.number(score)],
            ]
            if (2...4).contains(index) {
                run["stoppedAfter"] = 5
                run["atRungs"] = [.number(score), .number(score + 0.05)]
            }
            if index == 4 {
                run["stoppedAfter"] = .null
                run["summary"] = ["bestValidationAccuracy": 0.97, "seconds": 3, "epochs": 9]
            }
            return run
        }
        let json: JSONValue = [
            "planned": 9, "runs": .array(runs), "metric": Metric.accuracy.json,
            "rungs": [
                ["epoch": 2, "scores": .array(scores.map { .number($0) }), "survivors": [2, 3, 4]],
                ["epoch": 5, "scores": [0.75, 0.85, 0.95], "survivors": [2]],
            ],
        ]
        try json.text().write(toFile: path + "/sweep.json", atomically: true, encoding: .utf8)
        let record = try SweepRecord(folder: path)
        return (record, SweepPage.html(record))
    }

    @Test func rungsSayWhoWentOn() throws {
        let (record, html) = try page()
        #expect(record.rungs.map(\.epoch) == [2, 5] && record.rungs[0].survivors == [2, 3, 4])
        #expect(html.contains("<section id=\"rungs\">") && html.contains("8 runs were stopped before the end"))
        let section = try #require(html.components(separatedBy: "<section id=\"rungs\">").last)
        // Nine and three of them, the best, the worst that went on, the best that was stopped.
        for text in ["90.00%", "70.00%", "60.00%", "95.00%", "85.00%"] { #expect(section.contains(text), "\(text)") }
    }

    @Test func whatWasStoppedIsNoCandidateAndWhatDoesNotCountHasNoValue() throws {
        let (record, html) = try page()
        #expect(record.verdict.outcome == .only(0), "all of kind a are one configuration")
        #expect(!html.contains("momentum=<") && !html.contains("kind=a, momentum=,"))
    }

    @Test func importanceIsOfTheFirstRung() throws {
        let (record, html) = try page()
        let kind = try #require(record.importance.first)
        #expect(kind.key == "kind" && kind.levels.map(\.runs) == [5, 4])
        // Means 0.7 and 0.25 of nine that are 0.1 apart: 0.45 of 0.6, less a seventh of the 0.15 that is left.
        #expect(abs(kind.share - (0.45 - 0.15 / 7) / 0.6) < 1e-9)
        #expect(
            html.contains("<section id=\"importance\">") && html.contains("after epoch 2, which all runs have seen"))
    }
}
