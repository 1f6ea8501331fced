import Foundation
import Reporting
import Testing

@Suite struct ComparisonPageTests {
    private func headline(_ html: String) -> String {
        html.firstMatch(of: #/<p class="headline">(.*?)</p>/#).map { String($0.output.1) } ?? ""
    }

    @Test func validationChoosesAndTheTestImagesDoNot() throws {
        let (first, second) = (try RunFolder("first"), try RunFolder("second"))
        try first.fill(validation: 0.9, test: 0.7, validationImages: 1000, testImages: 1000)
        try second.fill(rate: "0.002", validation: 0.8, test: 0.99, validationImages: 1000, testImages: 1000)
        let html = ComparisonPage.html([try first.record, try second.record])
        #expect(headline(html).hasPrefix("<b>first</b> does best by validation: <b>90.00%</b>"))
        #expect(html.matches(of: #/class="n best"/#).count == 1)
        #expect(html.contains("<td class=\"n best\" data-order=\"0.9\">90.00%</td>"))
        #expect(html.contains("1,000 validation images leave an error of ± 0.95 points"))
    }

    @Test func aLeadWithinTheErrorHasNoBestCell() throws {
        let (first, second) = (try RunFolder("first"), try RunFolder("second"))
        try first.fill(validation: 0.75)
        try second.fill(rate: "0.002", validation: 0.5)
        let html = ComparisonPage.html([try first.record, try second.record])
        #expect(headline(html).contains("within the error of ±") && headline(html).contains("no winner"))
        #expect(!html.contains("class=\"n best\""))
    }

    @Test func differentDataHaveNoWinner() throws {
        let folders = try (0..<3).map { try RunFolder("run\($0)") }
        try folders[0].fill(validation: 0.99, validationImages: 1000)
        func html(_ other: RunFolder) throws -> String {
            ComparisonPage.html([try folders[0].record, try other.record])
        }
        try folders[1].fill(data: "shapes", validation: 0.5, validationImages: 1000)
        #expect(headline(try html(folders[1])) == "These runs saw different data (<b>data.path</b>); no winner.")
        #expect(!(try html(folders[1])).contains("class=\"n best\""))
        try folders[1].fill(validation: 0.5, validationImages: 999)
        #expect(headline(try html(folders[1])).contains("1,000 and 999 validation images"))
        try folders[1].fill(validation: 0.5, validationImages: 1000, testImages: 9)
        #expect(headline(try html(folders[1])).contains("8 and 9 test images"))
        try folders[2].fill(classNames: ["cat", "cow"], validation: 0.5, validationImages: 1000)
        #expect(headline(try html(folders[2])).contains("different classes"))
    }

    @Test func seedsAreOneGroupWithABand() throws {
        let folders = try (0..<4).map { try RunFolder("digits-s\($0)") }
        for seed in 0..<3 { try folders[seed].fill(seed: seed, validation: 0.9 + 0.01 * Double(seed)) }
        try folders[3].fill(rate: "0.002", seed: 0)
        // Another seed, so that there is a spread.
        var lines = (1...6).map(RunFolder.epoch)
        for index in lines.indices { lines[index]["validationAccuracy"] = .number(0.1 * Double(index)) }
        try folders[1].write("metrics.jsonl", lines: lines)
        let comparison = RunComparison(try folders.map { try $0.record })
        #expect(comparison.groups.map(\.indices) == [[0, 1, 2], [3]])
        #expect(comparison.groups.map(\.name) == ["digits", "digits-s3"])
        let html = ComparisonPage.html(comparison.records)
        #expect(html.contains("4 runs, 2 configurations"))
        #expect(html.contains("91.00% ± 1.00"))
        #expect(html.contains("class=\"spread c0\"") && !html.contains("class=\"spread c1\""))
        // Two curves a chart, not four.
        #expect(!html.contains("class=\"curve c2\""))
        #expect(html.contains("<section id=\"seeds\">"))
        // The same seed twice is a copy, not a second seed.
        let copies = RunComparison([try folders[0].record, try folders[0].record])
        #expect(copies.groups.count == 2)
    }

    @Test func namesLeaveOutWhatAllShare() throws {
        let names = [
            "optimizer.learningRate=1e-3,training.batchSize=8,run.seed=0",
            "optimizer.learningRate=1e-3,training.batchSize=8,run.seed=1",
            "optimizer.learningRate=2e-3,training.batchSize=8,run.seed=0",
        ]
        let folders = try names.map { try RunFolder($0) }
        for (index, folder) in folders.enumerated() {
            try folder.fill(rate: index < 2 ? "0.001" : "0.002", seed: index % 2)
        }
        let comparison = RunComparison(try folders.map { try $0.record })
        #expect(
            comparison.names == ["learningRate=1e-3, seed=0", "learningRate=1e-3, seed=1", "learningRate=2e-3, seed=0"])
        #expect(comparison.groups.map(\.name) == ["learningRate=1e-3", "learningRate=2e-3, seed=0"])
        // Beside a run of another kind the folders' names stay, but for the seed.
        let other = try RunFolder("plain")
        try other.fill(rate: "0.003")
        let mixed = RunComparison(try (folders + [other]).map { try $0.record })
        #expect(mixed.groups[0].name == "optimizer.learningRate=1e-3, training.batchSize=8")
    }

    @Test func legendsSwitchCurvesAndTheAxisCanBeChosen() throws {
        let (first, second) = (try RunFolder(), try RunFolder())
        try first.fill()
        try second.fill(rate: "0.002")
        try second.write(
            "metrics.jsonl",
            lines: (1...6).map { epoch in
                var line = RunFolder.epoch(epoch)
                line["update"] = .integer(25 * epoch)
                line["seconds"] = .number(0.5 * Double(epoch))
                return line
            })
        let html = ComparisonPage.html([try first.record, try second.record])
        for title in ["epochs", "updates", "seconds"] {
            #expect(html.contains(">\(title)</label>"), "\(title) is missing")
        }
        for axis in 0..<3 { #expect(html.contains("class=\"plot\" data-chart data-axis=\"\(axis)\"")) }
        #expect(html.contains("<li data-series=\"0\">") && html.contains("<g data-series=\"1\">"))
        #expect(html.contains("data-linked"))
        // The script makes a switch of every name, for mouse and keyboard.
        for text in ["aria-pressed", "\"click\", toggle", "event.key !== \"Enter\" && event.key !== \" \""] {
            #expect(html.contains(text), "\(text) is missing")
        }
        // Over updates the second run's curve goes on to 150, where the first has ended.
        #expect(html.contains("update 150\"") && html.contains("\"epoch 2\"") && html.contains("update 60"))
    }

    @Test func runsWithoutATestPartAreCompared() throws {
        let (first, second) = (try RunFolder("first"), try RunFolder("second"))
        try first.fill(validation: 0.9, test: nil, validationImages: 1000, testImages: nil)
        try second.fill(rate: "0.002", validation: 0.8, test: nil, validationImages: 1000, testImages: nil)
        let html = ComparisonPage.html([try first.record, try second.record])
        #expect(headline(html).contains("<b>first</b> does best by validation"))
        #expect(!html.contains("test, last epoch") && !html.contains("test images leave"))
        #expect(html.contains("How many validation images of each class"))
    }
}
