import Foundation
import JSON
import Reporting
import Testing

@Suite struct PartTests {
    @Test func theErrorStandsBesideAPercentage() throws {
        let folder = try RunFolder()
        try folder.fill(testImages: 400)
        let html = RunPage.html(try folder.record)
        // The root of 0.75 * 0.25 / 400.
        #expect(html.contains("<b>75.00%</b> ± 2.17 of 400 test images are recognised"))
        #expect(html.contains("75.00%<small>± 2.17</small>"))
        #expect(
            html.contains(
                "These are the weights of the last epoch, 6 (weights/last.safetensors); commands take those of epoch 5")
        )
    }

    @Test func withoutATestPartResultsAreOfValidation() throws {
        let folder = try RunFolder()
        try folder.fill(test: nil, validationImages: 400, testImages: nil)
        let record = try folder.record
        #expect(record.resultPart == .validation && record.lastScore == 0.15 * 6)
        let html = RunPage.html(record)
        #expect(html.contains("<b>90.00%</b> ± 1.50 of 400 validation images are recognised"))
        #expect(html.contains("The data have no test part.") && html.contains("Validation, last epoch"))
        #expect(html.contains("8 validation images are taken") && html.contains("Validation images for which"))
        #expect(html.contains("400 for validation, no test part"))
        let text = html.replacing(#/<script[\s\S]*?<\/script>/#, with: "")
        #expect(!text.contains("test images") && !text.contains("Test loss"))
    }

    @Test func stagesWithoutATestPartAreOfValidation() throws {
        let folder = try RunFolder()
        try folder.fill(test: nil, validationImages: 400, testImages: nil)
        try folder.write(
            "stages.json",
            [
                [
                    "stage": 1, "teacher": "large", "epochs": 2, "testAccuracyBefore": .null,
                    "testAccuracyAfter": .null,
                    "validationAccuracyBefore": 0.7, "validationAccuracyAfter": 0.705, "seconds": 2,
                    "teacherSeconds": 1,
                ]
            ])
        let html = RunPage.html(try folder.record)
        #expect(html.contains("Validation accuracy before and after each stage"))
        #expect(html.contains("+0.50 <small>(2 images)</small>"))
        #expect(html.contains("400 images leave an error of ± 2.28 points"))
    }

    @Test func gainsOfAFewImagesAreSaid() throws {
        let folder = try RunFolder()
        try folder.fill(testImages: 360)
        try folder.write(
            "stages.json",
            [
                [
                    "stage": 1, "teacher": "large", "epochs": 2, "testAccuracyBefore": 0.9,
                    "testAccuracyAfter": .number(0.9 + 1.0 / 360), "seconds": 2, "teacherSeconds": 1,
                ]
            ])
        try folder.write(
            "order.json",
            [
                "order": ["large"],
                "costs": [
                    ["source": "a", "target": "x", "value": 0.4], ["source": "b", "target": "y", "value": 0.5],
                ], "decisions": [["text": "a before b: 0.40 +- 0.01"]],
            ])
        let html = RunPage.html(try folder.record)
        #expect(html.contains("+0.28 <small>(1 image)</small>") && html.contains("gains below it may be chance"))
        #expect(html.contains("<td class=\"zero\">not measured</td>") && html.contains("0.40 ± 0.01"))
    }

    @Test func aTeachersTermsDoNotHideTheValidationLoss() throws {
        let folder = try RunFolder()
        try folder.fill()
        try folder.write(
            "metrics.jsonl",
            lines: (1...4).map { epoch in
                var line = RunFolder.epoch(epoch)
                line["trainLoss"] = 500
                for term in ["kd", "ce"] { line["weightedLoss.\(term)"] = 1 }
                for term in ["kd", "ce"] { line["loss.\(term)"] = 1 }
                return line
            })
        let html = RunPage.html(try folder.record)
        let chart = try #require(html.firstMatch(of: #/aria-label="Loss"[\s\S]*?<\/svg>/#)).output
        let ticks = chart.matches(of: #/text-anchor="end">([\d.]+)</#).compactMap { Double($0.output.1) }
        #expect(try #require(ticks.max()) <= 2, "\(ticks)")
        #expect(html.contains("<strong>Training loss</strong>"))
    }

    @Test func armsWithinTheErrorAreAHint() {
        func comparison(_ values: [(String, [Double])], key: String) -> JSONValue {
            let runs = values.flatMap { arm, values in
                values.enumerated().map { seed, value -> JSONValue in
                    ["arm": .string(arm), "seed": .integer(seed), key: .number(value)]
                }
            }
            return ["arms": .array(values.map { ["arm": .string($0.0)] }), "runs": .array(runs)]
        }
        let close = comparison(
            [("direct", [0.9463, 0.95]), ("progressive", [0.9491, 0.952])], key: "bestValidationAccuracy")
        let verdict = ArmSections.verdict(close, validation: 360, test: 100)
        #expect(verdict.part == "validation" && verdict.winner == nil)
        #expect(ArmSections.sentence(verdict).hasSuffix("no winner. It is no more than a hint."))
        let clear = comparison([("direct", [0.5, 0.51]), ("none", [0.9, 0.91])], key: "testAccuracy")
        let old = ArmSections.verdict(clear, validation: 360, test: 400)
        #expect(old.part == "test" && old.winner == 1)
    }
}

@Suite struct LearningRatePageTests {
    private func page(_ losses: [Double]) -> String {
        LearningRatePage.html(
            title: "pets", lead: "A sentence.", facts: [("Model", "hornet"), ("Batch", "64")],
            command: "trainer find-lr pets.yaml", learningRates: losses.indices.map { 1e-6 * pow(1.5, Double($0)) },
            losses: losses, smoothed: losses.map { min($0, 2.4) }, notes: [(1e-4, "suggestion 1e-4")])
    }

    @Test func itSaysWhatItIs() {
        let html = page((0..<30).map { 2 - 0.05 * Double($0) })
        for text in [
            "<h1>Learning rate of pets</h1>", "A sentence.", "hornet", "<strong>64</strong>",
            "trainer find-lr pets.yaml",
            "<a href=\"#curve\">", "<a href=\"#numbers\">", "suggestion 1e-4",
        ] {
            #expect(html.contains(text), "\(text) is missing")
        }
    }

    @Test func whatLiesAboveTheAxisIsCutOffAndNotDropped() throws {
        var losses = (0..<30).map { 2 - 0.05 * Double($0) }
        losses[10] = 50
        losses[29] = 1e6
        let html = page(losses)
        let batch = try #require(html.firstMatch(of: #/<path class="curve c1 faint" d="([^"]*)"/#)).output.1
        // One line without a hole, and no dot that stands alone.
        #expect(batch.matches(of: #/M/#).count == 1 && batch.matches(of: #/L/#).count == 29)
        #expect(!html.contains("<circle class=\"dot"))
        let ticks = html.matches(of: #/text-anchor="end">([\d.]+)</#).compactMap { Double($0.output.1) }
        #expect(try #require(ticks.max()) <= 3)
    }
}

@Suite struct ImageGridTests {
    @Test func namesAndTheFrameOfThePlainColumnAreDrawn() throws {
        let images = [[[UInt8](repeating: 0, count: 16), [UInt8](repeating: 0, count: 16)]]
        func bytes(_ name: String, _ framed: Set<Int> = []) -> [UInt8] {
            ImageGrid.png(
                images, width: 4, height: 4, channels: 1, scale: 12, names: [name], columns: ["plain", "epoch 1"],
                framed: framed)
        }
        #expect(bytes("cat") != bytes("dog") && bytes("cat") != bytes("cat", [0]))
        // Names that are too long, empty or in letters that the font has not.
        #expect(bytes("cafe\u{301}") == bytes("cafe"))
        for name in ["", "a very long name of a class", "名前", "\u{202E}x\n"] { #expect(!bytes(name).isEmpty) }
        // Without names the sheet is what it was.
        let plain = ImageGrid.png(images, width: 4, height: 4, channels: 1)
        #expect(plain.count < bytes("cat").count)
    }
}
