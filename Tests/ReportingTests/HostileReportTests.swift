import Foundation
import JSON
import Reporting
import Testing

@Suite struct HostileReportTests {
    @Test func binsThatOverflowAreLeftOut() throws {
        func histogram(_ bins: JSONValue) -> Histogram? {
            Histogram(["low": -1, "high": 1, "mean": 0, "meanSquare": 1, "bins": bins])
        }
        #expect(histogram([1, 2])?.count == 3)
        for bins: JSONValue in [
            [.integer(.max), 1], [-1, 2], [], [.integer(1 << 53)], .array(Array(repeating: 1, count: 1025)),
        ] { #expect(histogram(bins) == nil) }
        let most = histogram(.array(Array(repeating: .integer(1 << 52), count: 1024)))
        #expect(most?.count == 1 << 62)
        // Through the whole way of `report --tensorboard`.
        let folder = try RunFolder()
        try folder.fill()
        try folder.write(
            "report/histograms.jsonl",
            lines: [
                [
                    "epoch": 1, "update": 10,
                    "groups": [
                        [
                            "name": "x",
                            "weights": [
                                "low": -1, "high": 1, "mean": 0, "meanSquare": 1, "bins": [.integer(.max), 1, 2],
                            ],
                        ]
                    ],
                ]
            ])
        #expect(!TensorBoardExport.file(try folder.record).isEmpty)
        #expect(RunPage.html(try folder.record).contains("<html"))
    }

    @Test func aMatrixOfTooManyClassesIsNoPicture() throws {
        let folder = try RunFolder()
        try folder.fill()
        try folder.write("report/result.json", ["classes": 100_000, "confusion": [[0, 99_999, 3]]])
        // A pixel for each pair would be thirty gigabytes.
        #expect(
            TensorBoardExport.results(try folder.record).flatMap(\.values).allSatisfy { $0.tag.hasPrefix("_hparams_") })
        #expect(RunPage.html(try folder.record).contains("100,000 classes are too many for a picture of all pairs"))
    }

    @Test func aPipeInARunFolderIsNamedAndNotWaitedFor() throws {
        let folder = try RunFolder()
        try folder.fill()
        try FileManager.default.removeItem(atPath: folder.path + "/summary.json")
        #expect(mkfifo(folder.path + "/summary.json", 0o600) == 0)
        #expect(try folder.record.problems == ["summary.json is a named pipe, expected a file"])
        #expect(mkfifo(folder.path + "/pipe.jsonl", 0o600) == 0)
        #expect(throws: LogError.self) { _ = try MetricsLog(path: folder.path + "/pipe.jsonl") }
    }

    @Test func charactersThatTurnALineAroundAreShown() throws {
        for scalar in ["\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{200E}", "\u{200F}", "\u{61C}"] {
            let shown = TextWidth.singleLine("a\(scalar)b")
            #expect(shown.hasPrefix("a\\u{") && shown.hasSuffix("}b"), "\(shown)")
        }
        let folder = try RunFolder()
        try folder.fill(classNames: ["cat\u{202E}gpj", "dog"])
        #expect(!RunPage.html(try folder.record).contains("\u{202E}"))
        #expect(!Table(columns: ["class"], rows: [["x\u{2067}y"]]).render().contains("\u{2067}"))
    }

    @Test func anyNumberHasAWholePart() {
        #expect(Int(bounded: .nan) == 0)
        #expect(Int(bounded: .infinity) == 1_000_000_000_000_000)
        #expect(Int(bounded: -1e300) == -1_000_000_000_000_000)
        #expect(Int(bounded: 12.9) == 12)
    }
}
