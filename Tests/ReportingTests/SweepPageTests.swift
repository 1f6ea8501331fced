import Foundation
import JSON
import Reporting
import Testing

/// A folder with `sweep.json` and the folders of its runs.
private final class SweepFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "hornbeam-\(UUID().uuidString)/sweep-pets"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent()) }

    /// - Parameter runs: the values of each run, and its validation accuracy; nil for one that failed.
    func write(_ keys: [String], _ runs: [([String], Double?)], images: Int = 1000, test: Bool = true) throws {
        var entries: [JSONValue] = []
        for (index, run) in runs.enumerated() {
            let folder = zip(keys, run.0).map { "\($0)=\($1)" }.joined(separator: ",")
            let summary: JSONValue =
                run.1.map {
                    [
                        "bestValidationAccuracy": .number($0), "testAccuracy": test ? 0.5 : .null,
                        "bestTestAccuracy": test ? 0.5 : .null, "testLoss": test ? 1 : .null, "seconds": 2,
                    ]
                } ?? .null
            entries.append([
                "values": .object(zip(keys, run.0).map { .init($0, .string($1)) }),
                "folder": .string("Runs/elsewhere/" + folder), "summary": summary,
                "failure": run.1 == nil ? "the loss is no number" : .null,
            ])
            guard run.1 != nil else { continue }
            let made = try RunFolder("run")
            try made.fill(rate: "\(index)", validationImages: images)
            try FileManager.default.moveItem(atPath: made.path, toPath: path + "/" + folder)
            try "page".write(toFile: path + "/\(folder)/report.html", atomically: true, encoding: .utf8)
        }
        let json: JSONValue = ["runs": .array(entries)]
        try json.text().write(toFile: path + "/sweep.json", atomically: true, encoding: .utf8)
    }

    var record: SweepRecord { get throws { try SweepRecord(folder: path) } }
}

@Suite struct SweepPageTests {
    @Test func aSweepShowsItsResultsByValidation() throws {
        let folder = try SweepFolder()
        let keys = ["optimizer.learningRate", "run.seed"]
        try folder.write(
            keys,
            [
                (["1e-2", "0"], 0.70), (["1e-2", "1"], 0.72), (["1e-3", "0"], 0.90), (["1e-3", "1"], 0.92),
            ])
        let record = try folder.record
        #expect(record.groups.map(\.indices) == [[0, 1], [2, 3]])
        #expect(record.verdict.winner == 1)
        let html = SweepPage.html(record)
        #expect(
            html.contains("<b>learningRate=1e-3</b> does best by validation: <b>91.00%</b> ± 1.41, mean of 2 seeds"))
        #expect(html.contains("<td class=\"n best\" data-order=\"0.91\">91.00% ± 1.41</td>"))
        // A ring per run, a bar per value; numbers stand in their order.
        #expect(html.matches(of: #/<circle class="ring/#).count == 4)
        #expect(html.matches(of: #/<line class="mean/#).count == 2)
        #expect(html.firstMatch(of: #/1e-3<title>[\s\S]*1e-2<title>/#) != nil)
        #expect(html.contains("learningRate=1e-2, seed=1: 72.00%"))
        // One key has no map.
        #expect(!html.contains("<section id=\"map\">") && html.contains("<section id=\"curves\">"))
        #expect(html.contains("<a href=\"optimizer.learningRate=1e-3,run.seed=1/report.html\">report</a>"))
        // Nothing is loaded from anywhere.
        #expect(
            !html.contains("src=\"http") && !html.contains("@import")
                && !html.replacing("url(#", with: "").contains("url(") && !html.contains("<link"))
    }

    @Test func twoKeysHaveAMap() throws {
        let folder = try SweepFolder()
        try folder.write(
            ["optimizer.learningRate", "optimizer.weightDecay"],
            [(["1", "a"], 0.70), (["1", "b"], 0.72), (["2", "a"], 0.71), (["2", "b"], 0.725)], images: 10, test: false)
        let html = SweepPage.html(try folder.record)
        #expect(html.contains("<section id=\"map\">") && html.contains("learningRate ↓ weightDecay →"))
        #expect(html.matches(of: #/<td style="--a:[\d.]+"><b>7/#).count == 4)
        #expect(html.contains("<td style=\"--a:0.60\"><b>72.50%</b></td>"))
        // Ten images tell none of them apart.
        #expect(html.contains("no winner") && !html.contains("class=\"n best\""))
        #expect(html.contains("<span>weightDecay=b</span>"))
        #expect(!html.contains("test, last epoch"))
    }

    @Test func failedAndMissingRunsAreSaid() throws {
        let folder = try SweepFolder()
        try folder.write(["model.name"], [(["a"], 0.7), (["b<i>"], nil)])
        let html = SweepPage.html(try folder.record)
        #expect(html.contains("1 run failed and is no candidate") && html.contains("failed: the loss is no number"))
        #expect(html.contains("b&lt;i&gt;") && !html.contains("b<i>"))
        #expect(html.contains("0 (1 failed)"))
        try "{\"planned\":3,\"runs\":[]}".write(toFile: folder.path + "/sweep.json", atomically: true, encoding: .utf8)
        let empty = SweepPage.html(try folder.record)
        #expect(empty.contains("None of the runs is finished yet") && empty.contains("0 of 3 runs are done"))
        try "{\"runs\":[".write(toFile: folder.path + "/sweep.json", atomically: true, encoding: .utf8)
        #expect(throws: ReportError.self) { try folder.record }
        try FileManager.default.removeItem(atPath: folder.path + "/sweep.json")
        #expect(!SweepRecord.isOne(folder.path))
        #expect(throws: ReportError.self) { try folder.record }
    }

    @Test func otherImagesAreNoOtherValue() throws {
        let folder = try SweepFolder()
        try folder.write(["data.path"], [(["a"], 0.9), (["b"], 0.5)])
        #expect(SweepPage.html(try folder.record).contains("saw different data (<b>data.path</b>)"))
        // What is varied on purpose is compared where the images are the same.
        let sizes = try SweepFolder()
        try sizes.write(["data.imageSize"], [(["16"], 0.9), (["32"], 0.5)])
        #expect(try sizes.record.verdict.winner == 0)
    }
}
