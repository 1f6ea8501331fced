import Foundation
import JSON
import Reporting
import Testing

/// Reports of a segmentation.
@Suite struct MaskReportTests {
    private func section(_ name: String, _ html: String) throws -> String {
        String(
            try #require(html.firstMatch(of: try Regex("<section id=\"\(name)\">[\\s\\S]*?</section>"))?.0, "\(name)"))
    }

    /// How a page holds a picture of one gray: with the nearest of 32 levels.
    private static func source(_ gray: Double) -> String {
        let level = ((gray * 31 / 255).rounded() * 255 / 31).rounded()
        let png = PNGWriter.encode([UInt8](repeating: UInt8(level), count: 18), width: 3, height: 2, channels: 3)
        return "data:image/png;base64," + base64(png)
    }

    private func page(_ change: (RunFolder) throws -> Void = { _ in }) throws -> String {
        let folder = try RunFolder()
        try folder.fillMasks()
        try change(folder)
        return RunPage.html(try folder.record)
    }

    @Test func aPageSpeaksOfPixelsAndOfTheMetric() throws {
        let html = try page()
        #expect(html.contains("<b>62.50%</b> is the mIoU on 8 test images after 6 epochs in 7s."))
        #expect(html.contains("<strong>mIoU</strong>") && html.contains("<strong>Pixel accuracy</strong>"))
        #expect(html.contains(">best 40.0%</text>") && !html.contains("MIoU"))
        for name in ["classes", "images", "progress", "augmentation"] { _ = try section(name, html) }
        #expect(!html.contains("<section id=\"mistakes\">"))
        for word in ["recognised", "images a class", "top-five", "One image of each class"] {
            #expect(!html.contains(word), "\(word)")
        }
        // Names are shown and not obeyed.
        #expect(!html.contains("<car>") && !html.contains("w\"1.png") && html.contains("w&quot;1.png"))
    }

    @Test func classesHaveTheirMeasuresColorsAndMeans() throws {
        let classes = try section("classes", try page())
        #expect(classes.contains("16.7% of the pixels of 8 test images are taken for another class: "))
        #expect(classes.contains("1,001,000,000 of 6,004,000,000 with a label."))
        #expect(
            classes.contains(
                "<i class=\"patch\" style=\"background:rgb(128 0 64)\"></i>road <small>(background)</small>"))
        #expect(classes.contains("data-order=\"6000000000.0\">6,000,000,000</td>"))
        #expect(
            classes.contains("style=\"--w:45.0%\"></span>45.0%</td>")
                && classes.contains("No pixel is labeled or predicted as moon, so it counts in no mean."))
        #expect(!classes.contains(">moon</td>") && !classes.contains("</i>moon"))
        #expect(classes.contains("mean Dice (pooled)") && classes.contains("mean Dice (per image)"))
        #expect(classes.contains(">71.00%</td>") && classes.contains(">68.00%</td>"))
        #expect(classes.contains("the mean of the images, without the background"))
    }

    @Test func theMatrixShowsSharesFirstAndCountsBeyondThirtyTwoBits() throws {
        let classes = try section("classes", try page())
        #expect(classes.contains("id=\"cells-share\" checked>") && !classes.contains("id=\"cells-count\" checked>"))
        #expect(classes.contains("title=\"road taken for road: 5,000,000,000 pixels\""))
        #expect(classes.contains("<span class=\"count\">5.00G</span><span class=\"share\">83</span>"))
        #expect(classes.contains("<span class=\"count\">1.00M</span><span class=\"share\">25</span>"))
        #expect(classes.contains("Most frequent confusions") && classes.contains("data-order="))
        let huge = try section("classes", try page { try $0.fillMasks(most: 1 << 52) })
        #expect(huge.contains("4,503,599,627,370,496"))
        // A classifier's matrix is as it was.
        let folder = try RunFolder()
        try folder.fill()
        #expect(RunPage.html(try folder.record).contains("<span class=\"count\">3</span>"))
        #expect(RunPage.html(try folder.record).contains("id=\"cells-count\" checked>"))
    }

    @Test func countsThatWouldOverflowTogetherAreLeftOut() throws {
        let cells = Array(repeating: JSONValue.array([0, 0, .integer(1 << 52)]), count: 5000)
        let html = try page { folder in
            var result = try folder.json("report/result.json")
            result["confusion"] = .array(cells)
            try folder.write("report/result.json", result)
        }
        #expect(try section("classes", html).contains("What is taken for what"))
    }

    @Test func picturesStandAsImageTruthPredictionAndErrors() throws {
        let images = try section("images", try page())
        #expect(images.matches(of: #/<figure class="card">/#).count == 3)
        #expect(images.matches(of: #/<img alt="[^"]*" src="data:image\/png;base64,/#).count == 12)
        let titles = images.matches(of: #/<p class="tile">([a-z]+)</#).map { String($0.output.1) }
        #expect(Array(titles.prefix(4)) == ["image", "truth", "prediction", "errors"])
        #expect(images.contains("<span>mIoU 12.5%</span>") && images.contains("<span>mIoU –</span>"))
        // The legend has the classes that are painted: not the background, and not what occurs nowhere.
        #expect(images.contains("</i>&lt;car&gt;</li>") && !images.contains("</i>road</li>"))
        #expect(!images.contains("moon") && images.contains("not labeled, so ignored"))
        let sources = images.matches(of: #/src="([^"]*)"/#).map { String($0.output.1) }
        #expect(Array(sources.prefix(4)) == [10, 40, 70, 100].map(Self.source))
    }

    @Test func snapshotsOfAnImageStandInTheOrderOfTheirEpochs() throws {
        let html = try page { folder in
            // 10 comes after 4 as a number, and before it as text.
            try folder.snapshot(
                10, images: [RunFolder.picture("a.png", index: 9, score: 0.75, first: 99), RunFolder.picture("c.png")])
        }
        let progress = try section("progress", html)
        #expect(progress.matches(of: #/<figure class="card">/#).count == 2)
        let titles = progress.matches(of: #/<p class="tile[a-z ]*">([^<]+)</#).map { String($0.output.1) }
        #expect(
            Array(titles.prefix(5))
                == ["truth", "epoch 2: 50.0%", "epoch 4: 50.0%", "epoch 6: 50.0%", "epoch 10: 75.0%"])
        #expect(titles.count == 10)
        let sources = progress.matches(of: #/src="([^"]*)"/#).map { String($0.output.1) }
        // The label of the last snapshot, and the answer of each.
        #expect(Array(sources.prefix(5)) == [129, 70, 70, 70, 159].map(Self.source))
    }

    @Test func trainingImagesNameTheirClasses() throws {
        let samples = try section("augmentation", try page())
        #expect(samples.contains("<strong>t.png</strong><span>road, &lt;car&gt;</span>"))
        #expect(samples.matches(of: #/<img /#).count == 3)
    }

    @Test func manySnapshotsAreSpreadAndDamagedOnesNamed() throws {
        let folder = try RunFolder()
        try folder.fillMasks()
        for name in ["x", "-3", "07", "99999999999999999999"] { try folder.write("report/snapshot-\(name).json", "{}") }
        try folder.write("report/snapshot-8.json", "{\"epoch\":8,\"ima")
        try folder.write("report/snapshot-9.json", "{\"epoch\":1,\"images\":[]}")
        try folder.write("report/snapshot-11.json", String(repeating: " ", count: 1 << 23 | 1))
        let record = try folder.record
        #expect(record.snapshots.map(\.epoch) == [2, 4, 6])
        #expect(record.problems.count == 3)
        for text in ["snapshot-8.json cannot be read", "snapshot-9.json is no snapshot of epoch 9", "8388609 bytes"] {
            #expect(record.problems.contains { $0.contains(text) }, "\(text)")
        }
        #expect(RunPage.html(record).contains("snapshot-9.json is no snapshot of epoch 9."))
        #expect(try RunRecord(folder: folder.path, withSnapshots: false).snapshots.isEmpty)

        let many = try RunFolder()
        try many.fillMasks()
        for epoch in 1...100 { try many.snapshot(epoch, images: [RunFolder.picture("a.png")]) }
        let epochs = try many.record.snapshots.map(\.epoch)
        #expect(epochs.count == 32 && epochs.first == 1 && epochs.last == 100)
        #expect(try many.record.problems == ["100 files of snapshots are more than are shown; 32 of them are read"])
    }

    @Test func damagedFindingsAreLeftOutAndNeverTrap() throws {
        var tooShort = RunFolder.picture("short.png")
        tooShort["truth"] = "AAAA"
        var tooWide = RunFolder.picture("wide.png")
        tooWide["width"] = .integer(.max)
        var gray = RunFolder.picture("gray.png")
        gray["channels"] = 1
        for part in ["pixels", "truth", "answer", "errors"] { gray[part] = .string(base64([1, 2, 3, 4, 5, 6])) }
        var missing = RunFolder.picture("missing.png")
        missing["errors"] = nil
        var strange = RunFolder.picture("strange.png")
        strange["meanIoU"] = 1e300
        let pictures: JSONValue = [tooShort, tooWide, gray, missing, strange, .null, 3, ["name": 5]]
        let folder = try RunFolder()
        try folder.fillMasks()
        var result = try folder.json("report/result.json")
        result["worst"] = pictures
        result["best"] = ["a": 1]
        result["background"] = -7
        result["meanIoU"] = .null
        result["confusion"] = [[0, 0, .integer(.max)], [0, 9, 1], [-1, 0, 1], "x", [1, 1, 5], [0.5, 0, 1]]
        result["perClass"] = [
            RunFolder.maskClass("road", pixels: .max, iou: 0.5), RunFolder.maskClass("a", pixels: -1, iou: 0.5), .null,
            RunFolder.maskClass("b", pixels: 3, iou: -4, color: [300, 0, "x"]),
            RunFolder.maskClass("c", pixels: 3, iou: 0.5, color: "red;}"),
            ["class": 1, "pixels": 2, "iou": 1], ["class": .integer(.max), "pixels": 2, "iou": 0.25],
        ]
        try folder.write("report/result.json", result)
        try folder.snapshot(4, images: [tooShort, RunFolder.picture("a.png", index: 9)])
        try folder.snapshot(6, images: [.null])
        let html = RunPage.html(try folder.record)
        let images = try section("images", html)
        #expect(images.contains("strange.png") && images.contains("mIoU –"))
        for name in ["short", "wide", "gray", "missing"] { #expect(!images.contains("\(name).png"), "\(name)") }
        let classes = try section("classes", html)
        #expect(classes.contains("<td class=\"unbroken\">c</td>") && classes.contains(">&lt;car&gt;</td>"))
        #expect(classes.contains(">class \(Int.max)</td>") && classes.contains("predicted as b, so"))
        #expect(!classes.contains(">road</td>") && !classes.contains("red;"))
        // The last snapshot with a picture says which images there are.
        #expect(try section("progress", html).contains("<strong>a.png</strong>"))
        #expect(!TensorBoardExport.file(try folder.record).isEmpty)
        let comparison = ComparisonPage.html([try folder.record, try folder.record])
        #expect(comparison.contains("<html"))

        for name in ["worst", "best", "perClass", "confusion", "classes"] {
            result[name] = .null
            try folder.write("report/result.json", result)
            #expect(RunPage.html(try folder.record).contains("<html"), "\(name)")
        }
        #expect(!RunPage.html(try folder.record).contains("<section id=\"classes\">"))
        for samples: JSONValue in [
            ["task": "segmentation", "width": 3, "height": 2, "channels": 3, "images": [["original": "AA"], 4]],
            [
                "task": "segmentation", "width": .integer(.min), "height": 2, "channels": 3,
                "images": [["original": ""]],
            ],
            ["task": "segmentation", "images": 4],
        ] {
            try folder.write("report/samples.json", samples)
            #expect(!RunPage.html(try folder.record).contains("<section id=\"augmentation\">"))
            #expect(!TensorBoardExport.file(try folder.record).isEmpty)
        }
    }

    @Test func runsOfOneDataSetAreComparedByClass() throws {
        let folders = try (0..<3).map { try RunFolder("run\($0)") }
        try folders[0].fillMasks()
        try folders[1].fillMasks(seed: 1)
        try folders[2].fillMasks(rate: "0.002")
        var result = try folders[1].json("report/result.json")
        result["perClass"] = [
            RunFolder.maskClass("road", pixels: 6_000_000_000, iou: 0.9),
            RunFolder.maskClass("<car>", pixels: 4_000_000, iou: 0.55), RunFolder.maskClass("moon", pixels: 0, iou: 0),
        ]
        try folders[1].write("report/result.json", result)
        let html = ComparisonPage.html(try folders.map { try $0.record })
        let classes = try section("classes", html)
        #expect(classes.contains("IoU of each class on the test images"))
        // Two seeds are one column with their mean: 0.85 of road and 0.5 of cars beside 0.8 and 0.45.
        for text in ["--w:85.0%", "--w:50.0%", "--w:80.0%", "--w:45.0%"] { #expect(classes.contains(text), "\(text)") }
        #expect(classes.matches(of: #/<th scope="col"/#).count == 4 && classes.contains("</i>moon"))
        #expect(html.contains("<strong>Validation mIoU</strong>"))
        #expect(!html.contains("leave an error of"))

        // Other pixels are another measurement.
        try folders[2].fillMasks(rate: "0.002", most: 4_000_000_000)
        #expect(!ComparisonPage.html(try folders.map { try $0.record }).contains("<section id=\"classes\">"))
    }

    @Test func eventFilesHoldThePicturesAtTheStepsOfTheirEpochs() throws {
        let folder = try RunFolder()
        try folder.fillMasks()
        try folder.snapshot(50, images: [RunFolder.picture("a.png")])
        let events = try EventReader.read(TensorBoardExport.file(try folder.record))
        let snapshots = events.filter { $0.images["images/snapshots"] != nil }
        #expect(snapshots.map(\.step) == [20, 40, 60])
        #expect(snapshots.map(\.time) == [1_700_000_002, 1_700_000_004, 1_700_000_006])
        // Two rows of four pictures with gaps of four pixels.
        let sheet = try #require(snapshots.first?.images["images/snapshots"])
        #expect(sheet.width == 4 * 3 + 3 * 4 && sheet.height == 2 * 2 + 4 && sheet.channels == 3)
        let tags = events.reduce(into: Set<String>()) { $0.formUnion($1.images.keys) }
        #expect(tags == ["images/augmented", "images/confusion", "images/worst", "images/best", "images/snapshots"])
        #expect(events.last { $0.images["images/best"] != nil }?.step == 60)
        let scalars = events.reduce(into: Set<String>()) { $0.formUnion($1.scalars.keys) }
        #expect(scalars.isSuperset(of: ["meanIoU/validation", "pixelAccuracy/train"]))
        #expect(!scalars.contains { $0.hasPrefix("other") })
    }
}
