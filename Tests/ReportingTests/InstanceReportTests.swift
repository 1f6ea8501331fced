import Foundation
import JSON
import Reporting
import Testing

/// Reports of a detector.
@Suite struct InstanceReportTests {
    private func section(_ name: String, _ html: String) throws -> String {
        String(
            try #require(html.firstMatch(of: try Regex("<section id=\"\(name)\">[\\s\\S]*?</section>"))?.0, "\(name)"))
    }

    private func page(_ change: (RunFolder) throws -> Void = { _ in }) throws -> String {
        let folder = try RunFolder()
        try folder.fillInstances()
        try change(folder)
        return RunPage.html(try folder.record)
    }

    @Test func aRecordComesBackFromItsFile() throws {
        let record = try RunFolder.instanceRecord()
        let text = JSONValue.object(record.members(task: "instances")).text()
        #expect(InstanceRecord(try JSONValue(parsing: text)) == record)
        let boxes = try RunFolder.instanceRecord(masks: false)
        #expect(InstanceRecord(.object(boxes.members(task: "detection")))?.masks == nil)
        #expect(InstanceRecord(["perClass": [["class": "road", "pixels": 4]], "classes": 3]) == nil)
        #expect(InstanceRecord(nil) == nil)
    }

    @Test(arguments: ["detection", "instances"]) func aPageHasAllParts(task: String) throws {
        let html = try page {
            try $0.fillInstances(try RunFolder.instanceRecord(masks: task == "instances"), task: task)
        }
        for name in ["numbers", "classes", "precision", "confusion", "images", "progress", "augmentation"] {
            _ = try section(name, html)
        }
        #expect(html.contains("mask AP") == (task == "instances"))
        #expect(!html.contains("<dust>") && html.contains("&lt;dust&gt;") && html.contains("w&quot;1.png"))
        // AP and the parts of the loss have curves by themselves.
        for title in ["AP", "AP50", "Terms of the loss"] {
            #expect(html.contains("<strong>\(title)</strong>"), "\(title)")
        }
    }

    @Test func numbersAreCocosAndWhatIsNotThereIsADash() throws {
        let numbers = try section("numbers", try page())
        #expect(numbers.contains("Of 8 test images with 1,240 objects"))
        #expect(numbers.matches(of: #/<td>A[PR][^<]*<\/td>/#).count == 12)
        let rows = numbers.components(separatedBy: "<tr>").filter {
            $0.contains("AP, large") || $0.contains("AR, large")
        }
        #expect(rows.count == 2 && rows.allSatisfy { $0.components(separatedBy: ">–<").count == 3 }, "\(rows)")
        #expect(numbers.contains(">40.0%<") && !numbers.contains("-100") && numbers.contains("<td>medium</td>"))
    }

    @Test func classesHaveTheirNumbersAndTheScoreOfTheBestF1() throws {
        let classes = try section("classes", try page())
        #expect(classes.contains("F1 of all classes together is best from a score of 0.40 on."))
        #expect(classes.contains("data-order=\"1200.0\">1,200</td>") && classes.contains(">3,600</td>"))
        #expect(classes.contains("--w:40.0%") && classes.contains(">60.0%</td>") && classes.contains(">0.35</td>"))
        #expect(classes.contains("mask AP50"))
    }

    @Test func curvesAndTheMatrixHaveABackground() throws {
        let html = try page()
        let precision = try section("precision", html)
        #expect(precision.matches(of: #/<figure class="chart">/#).count == 3)
        #expect(precision.contains("F1 60.0%</text>"))
        let confusion = try section("confusion", html)
        #expect(
            confusion.contains("250 of 1,240 objects are missed") && confusion.contains("70 answers lie on no object"))
        #expect(confusion.contains("title=\"cell taken for background: 250\""))
        #expect(confusion.contains("title=\"background taken for cell: 70\""))
        #expect(confusion.contains("from 0.40 on") && confusion.contains("at least 0.45"))
    }

    @Test func imagesStandWithTruthBesideAnswer() throws {
        let images = try section("images", try page())
        #expect(images.matches(of: #/<figure class="card">/#).count == 3)
        let titles = images.matches(of: #/<p class="tile">([a-z]+)</#).map { String($0.output.1) }
        #expect(titles == ["truth", "answer", "truth", "answer", "truth", "answer"])
        #expect(images.contains("<span>1 found, 1 wrong, 1 missed</span>"))
        let sources = images.matches(of: #/src="([^"]*)"/#).map { String($0.output.1) }
        #expect(sources[0] != sources[1] && sources[0] == sources[2])
    }

    @Test func picturesTellRightAnswersFromWrongOnesAndFoundObjectsFromMissedOnes() throws {
        let picture = try RunFolder.instancePicture("a.png")
        func changed(_ change: (inout [InstanceObject], inout [InstanceObject]) -> Void) -> InstancePicture {
            var (truth, answer) = (picture.truth, picture.answer)
            change(&truth, &answer)
            return InstancePicture(
                name: picture.name, index: 0, image: picture.image, truth: truth, answer: answer, found: 1, wrong: 1,
                missed: 1)
        }
        var record = try RunFolder.instanceRecord()
        record.best = []
        record.worst = [
            picture, changed { $1[1].isRight = true }, changed { truth, _ in truth[1].isRight = true },
            changed { $1[1].isCrowd = true }, changed { truth, _ in truth[0].mask = nil },
        ]
        let images = try section("images", try page { try $0.fillInstances(record) })
        let sources = images.matches(of: #/src="([^"]*)"/#).map { String($0.output.1) }
        #expect(sources.count == 10)
        let (truths, answers) = ((0..<5).map { sources[2 * $0] }, (0..<5).map { sources[2 * $0 + 1] })
        #expect(truths[1] == truths[0] && answers[1] != answers[0])
        #expect(truths[2] != truths[0] && answers[2] != answers[0])
        #expect(truths[3] == truths[0] && answers[3] != answers[0] && answers[3] != answers[1])
        #expect(truths[4] != truths[0] && answers[4] == answers[0])
    }

    @Test func snapshotsStandInTheOrderOfTheirEpochs() throws {
        let progress = try section("progress", try page())
        let titles = progress.matches(of: #/<p class="tile[a-z ]*">([^<]+)</#).map { String($0.output.1) }
        #expect(
            Array(titles.prefix(4)) == [
                "truth", "epoch 2: 1 found, 5 wrong, 1 missed", "epoch 4: 1 found, 3 wrong, 1 missed",
                "epoch 6: 1 found, 1 wrong, 1 missed",
            ])
        #expect(titles.count == 8)
    }

    @Test func damagedFindingsAreLeftOutAndNeverTrap() throws {
        let folder = try RunFolder()
        try folder.fillInstances()
        let whole = try folder.json("report/result.json")
        var picture = try RunFolder.instancePicture("strange.png").json
        picture["truth"] = [
            ["box": [0, 0, 1e308, 1e308], "class": .integer(.max)], ["box": [0, 0, 1], "class": 0], .null,
            ["box": ["x", 0, 1, 1], "class": 0], ["box": [5, 5, 1, 1], "class": 0, "score": 7],
            ["box": [0, 0, 9, 9], "class": 1, "outlines": [[1, 2], "x", [1e300, 0, 5, 5, -1e300, 9]]],
            [
                "box": [0, 0, 9, 9], "class": 1,
                "mask": ["x": .integer(.max), "y": 0, "width": 5, "height": 5, "runs": [25]],
            ],
            [
                "box": [0, 0, 9, 9], "class": 1,
                "mask": ["x": 1, "y": 0, "width": 5, "height": 5, "runs": [.integer(.max)]],
            ],
        ]
        var short = picture
        short["pixels"] = "AAAA"
        var result = whole
        result["worst"] = [picture, short, .null, 4]
        result["best"] = ["a": 1]
        result["images"] = [["name": "x", "found": -1], 4]
        result["sizes"] = [1, 2]
        result["thresholds"] = ["best": 7, "overlap": "x"]
        result["curves"] = [
            "recall": [0, 0.5, 0.5], "score": [0, 0.5, 1],
            "f1": ["all": [0, .null, 1e300], "cell": [1, 2], "x": 4], "precision": ["all": [1, 1, 1]],
        ]
        result["confusion"] = [
            "score": 0.5, "overlap": 0.5,
            "counts": [[0, 0, .integer(.max)], [0, 9, 1], [-1, 0, 1], "x", [3, 3, 5]],
        ]
        result["boxes"] = [
            "stats": [2, .null, "x", 1e300, -1],
            "perClass": [
                ["class": 4, "objects": .integer(.max)], ["objects": -1], .null, ["class": "a", "objects": 3],
            ],
        ]
        try folder.write("report/result.json", result)
        let html = RunPage.html(try folder.record)
        #expect(try section("images", html).contains("strange.png"))
        #expect(try section("images", html).matches(of: #/<figure class="card">/#).count == 1)
        #expect(try section("classes", html).contains("</i>a</td>"))
        #expect(!TensorBoardExport.file(try folder.record).isEmpty)
        #expect(ComparisonPage.html([try folder.record, try folder.record]).contains("<html"))
        for name in [
            "boxes", "masks", "classes", "curves", "confusion", "worst", "best", "thresholds", "sizes", "images",
        ] {
            for value: JSONValue in [.null, 4, [4], ["stats": []], ["counts": 3]] {
                var result = whole
                result[name] = value
                try folder.write("report/result.json", result)
                #expect(RunPage.html(try folder.record).contains("<html"), "\(name)")
            }
        }
    }

    @Test func runsOfOneDataSetAreComparedByClass() throws {
        let folders = try (0..<3).map { try RunFolder("run\($0)") }
        try folders[0].fillInstances(try RunFolder.instanceRecord(0.4))
        try folders[1].fillInstances(try RunFolder.instanceRecord(0.5), seed: 1)
        try folders[2].fillInstances(try RunFolder.instanceRecord(0.3), rate: "0.002")
        let classes = try section("classes", ComparisonPage.html(try folders.map { try $0.record }))
        #expect(classes.contains("AP of each class on the test images"))
        for text in ["--w:45.0%", "--w:30.0%", "--w:20.0%"] { #expect(classes.contains(text), "\(text)") }
        #expect(!classes.contains("moon"))
        // Other objects are another measurement.
        try folders[2].fillInstances(try RunFolder.instanceRecord(0.3, objects: 1100), rate: "0.002")
        #expect(!ComparisonPage.html(try folders.map { try $0.record }).contains("<section id=\"classes\">"))
    }

    @Test func eventFilesHoldThePicturesAtTheStepsOfTheirEpochs() throws {
        let folder = try RunFolder()
        try folder.fillInstances()
        let events = try EventReader.read(TensorBoardExport.file(try folder.record))
        let snapshots = events.filter { $0.images["images/snapshots"] != nil }
        #expect(snapshots.map(\.step) == [20, 40, 60])
        // Two rows of two pictures of 240 x 160 with gaps of four pixels.
        let sheet = try #require(snapshots.first?.images["images/snapshots"])
        #expect(sheet.width == 2 * 240 + 4 && sheet.height == 2 * 160 + 4 && sheet.channels == 3)
        let tags = events.reduce(into: Set<String>()) { $0.formUnion($1.images.keys) }
        #expect(tags == ["images/augmented", "images/confusion", "images/worst", "images/best", "images/snapshots"])
        let scalars = events.reduce(into: Set<String>()) { $0.formUnion($1.scalars.keys) }
        #expect(scalars.isSuperset(of: ["AP/validation", "lossTerms/class", "weightedLossTerms/box"]))
    }
}
