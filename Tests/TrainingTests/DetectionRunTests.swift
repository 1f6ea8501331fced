import Checkpoints
import Configuration
import Datasets
import Foundation
import JSON
import Layers
import Tasks
import Tensors
import Testing
import Training

/// A small detector, and a folder of images and COCO annotations that it learns from.
struct SmallDetector {
    static let text = """
        task: detection
        data: {imageSize: [32, 32], augmentation: none, validation: 0.25}
        model:
          name: hornet
          baseWidth: 8
          depths: [1, 1]
          orders: [1, 2]
          mixers: [7x7, 7x7]
          stemStride: 4
          initialization: uniform
          layerScale: 1
        head: {kind: retinanet, convolutions: 1, anchorScale: 3, anchorRatios: [1]}
        neck: {channels: 8, firstStage: 0, extraLevels: 0}
        optimizer: {learningRate: 2e-2, clipNorm: 5, ema: {decay: 0.9}}
        schedule: {warmupEpochs: 0}
        training: {epochs: 2, batchSize: 4, threads: 1, saveEveryMinutes: 0}
        """

    let folder: TemporaryFolder
    var data: String { folder.path + "/data" }

    /// Bright and dark squares on gray, of two sizes of images; every eighth image has none.
    /// - Parameters:
    ///   - identifiers: the ids of the categories.
    ///   - more: further annotations, by image index.
    ///   - wrong: an image whose annotation tells another size.
    ///   - outlined: whether squares have outlines, too.
    init(
        count: Int = 24, identifiers: [Int] = [7, 90], more: [Int: String] = [:], wrong: Int? = nil,
        outlined: Bool = false
    ) throws {
        folder = try TemporaryFolder()
        for name in ["train", "annotations"] {
            try FileManager.default.createDirectory(atPath: data + "/" + name, withIntermediateDirectories: true)
        }
        var random = Random(seed: 4, purpose: "squares")
        var (images, annotations) = ([String](), [String]())
        for index in 0..<count {
            let (width, height) = index % 3 == 0 ? (40, 32) : (32, 32)
            let (x, y) = (2 + random.integer(below: 16), 2 + random.integer(below: 16))
            let label = index % identifiers.count
            let isEmpty = index % 8 == 7
            var pixels: [UInt8] = []
            for v in 0..<height {
                for u in 0..<width {
                    let isInside = !isEmpty && (x..<x + 12).contains(u) && (y..<y + 12).contains(v)
                    let light = isInside ? (label == 0 ? 220 : 10) : 110
                    pixels += (0..<3).map { _ in UInt8(light + random.integer(below: 20)) }
                }
            }
            let image = Image(width: width, height: height, channels: 3, pixels: pixels)
            try AtomicFile.write("\(data)/train/\(index).png", try image.encodedAsPNG())
            let told = index == wrong ? width + 9 : width
            images.append(
                "{\"id\": \(index * 3 + 5), \"file_name\": \"\(index).png\", \"width\": \(told), \"height\": \(height)}"
            )
            if !isEmpty {
                let corners = "\(x), \(y), \(x + 12), \(y), \(x + 12), \(y + 12), \(x), \(y + 12)"
                annotations.append(
                    Self.annotation(
                        annotations.count, index, identifiers[label], "[\(x), \(y), 12, 12]",
                        outlined ? ", \"segmentation\": [[\(corners)]]" : ""))
            }
            if let extra = more[index] {
                annotations.append(Self.annotation(annotations.count, index, identifiers[0], extra))
            }
        }
        let categories = identifiers.enumerated().map { "{\"id\": \($1), \"name\": \"c\($0)\"}" }
        let json =
            "{\"images\": [\(images.joined(separator: ","))], \"annotations\": [\(annotations.joined(separator: ","))], "
            + "\"categories\": [\(categories.joined(separator: ","))]}"
        try AtomicFile.write(data + "/annotations/instances_train.json", json)
    }

    private static func annotation(
        _ id: Int, _ index: Int, _ category: Int, _ box: String, _ more: String = ""
    ) -> String {
        "{\"id\": \(id), \"image_id\": \(index * 3 + 5), \"category_id\": \(category), \"bbox\": \(box), "
            + "\"area\": 144, \"iscrowd\": 0\(more)}"
    }

    func recipe(_ overrides: [String] = []) throws -> Recipe {
        try TrainingTests.recipe(["data.path=" + data] + overrides, Self.text)
    }

    @discardableResult
    func train(
        _ name: String, _ overrides: [String] = [], mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil,
        _ messages: Messages = Messages()
    ) throws -> Summary {
        let recipe = try recipe(overrides)
        let configuration = try #require(recipe.task as? DetectionConfiguration)
        let data = try PreparedData(recipe, configuration)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        let run = try TrainingRun(recipe, data: data, task: task, console: messages.console)
        run.beforeUpdate = { if $0 == update { throw Crash() } }
        return try run.run(
            in: RunDirectory(folder.path + "/" + name, mode: mode), resuming: mode == .resume, forced: false)
    }
}

extension Runs {
    @Suite struct DetectionRuns {
        /// Some images have no object, so a slice's mean is not worth the same as another's.
        @Test func slicesCountByTheAnchorsThatLearn() throws {
            let detector = try SmallDetector()
            let recipe = try detector.recipe()
            try expectSlicesToAddUp(recipe, try #require(recipe.task as? DetectionConfiguration))
        }

        @Test func learnsSquaresAndWritesWhatOthersRelyOn() throws {
            let detector = try SmallDetector(count: 48)
            let summary = try detector.train("run", ["training.epochs=30"])
            let value = try #require(summary.test?[.averagePrecision50])
            #expect(value > 0.5, "AP50 is \(value) after 30 epochs of squares")
            let path = detector.folder.path + "/run"
            let json = try JSONValue(parsing: contents(path + "/summary.json"))
            for key in ["testAP", "testAP50", "testAP75", "testARmedium", "bestValidationAP"] {
                #expect(json[key]?.doubleValue != nil, "summary.json lacks \(key)")
            }
            #expect(json["testAPlarge"]?.doubleValue == -1)
            #expect(try contents(path + "/report/snapshot-30.json").contains("\"answer\""))
            let result = try JSONValue(parsing: contents(path + "/report/result.json"))
            #expect(result["boxes"]?["stats"]?.arrayValue?.count == 12 && result["masks"] == .null)
            #expect(FileManager.default.fileExists(atPath: path + "/report.html"))
            #expect(try contents(path + "/metrics.jsonl").contains("loss.box"))
            // The weights know the ids of the files, and the threshold that the validation chose.
            let weights = try Weights.read(path + "/weights/best.safetensors")
            let settings = weights.metadata.vocabulary.settings
            #expect(settings["categories"] == [7, 90])
            #expect(settings["threshold"]?.doubleValue != nil)
        }

        @Test func threadsChangeNoByte() throws {
            let detector = try SmallDetector()
            try detector.train("one")
            try detector.train("two", ["training.threads=2", "training.loaderThreads=2"])
            try expectSameRun(detector.folder.path + "/one", detector.folder.path + "/two")
        }

        @Test(arguments: [[], ["data.mosaic=0.5"]])
        func aRunThatCrashedGoesOnToTheSameBytes(overrides: [String]) throws {
            let detector = try SmallDetector()
            try detector.train("whole", overrides)
            let saving = overrides + ["training.saveEveryUpdates=2"]
            #expect(throws: Crash.self) { try detector.train("cut", saving, crashBefore: 5) }
            try detector.train("cut", saving, mode: .resume)
            try expectSameRun(detector.folder.path + "/whole", detector.folder.path + "/cut")
            // Everything was done: the weights keep what the last validation told.
            try detector.train("cut", saving, mode: .resume)
            try expectSameRun(detector.folder.path + "/whole", detector.folder.path + "/cut")
        }

        @Test func numbersDependOnNoBatchSizeAndOnNoOtherImage() throws {
            let detector = try SmallDetector()
            try detector.train("run", ["training.epochs=6"])
            let weights = try Weights.read(detector.folder.path + "/run/weights/last.safetensors")
            let task = try DetectionConfiguration.task(weights.metadata.vocabulary)
            let recipe = try detector.recipe()
            let part = try #require(recipe.task as? DetectionConfiguration).openPart(
                recipe.dataRequest, .train, isTrainedOn: true)
            func found(_ dataset: any AnnotatedDataset<LocatedInstances>, _ size: Int) throws -> DetectionFindings {
                try task.evaluate(
                    weights.model, weights.store,
                    BatchLoader(
                        dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
                        collator: task.collator(training: false), options: LoaderOptions(batchSize: size)))
            }
            let all = try [1, 3, 8].map { try found(part.dataset, $0) }
            #expect(all[0].scores == all[1].scores && all[1].scores == all[2].scores)
            // Together or one by one, what is found in an image is the same but for the rounding of products of few rows.
            let one = try (0..<part.dataset.count).map {
                try found(SubsetDataset(part.dataset, indices: [$0]), 1).answers[0].objects
            }
            for (alone, together) in zip(one, all[0].answers.map(\.objects)) {
                #expect(alone.map(\.classIndex) == together.map(\.classIndex))
                for (first, second) in zip(alone, together) {
                    #expect(abs(first.score - second.score) < 1e-5)
                    let sides: [KeyPath<Box, Double>] = [\.left, \.top, \.right, \.bottom]
                    for side in sides { #expect(abs(first.box[keyPath: side] - second.box[keyPath: side]) < 1e-3) }
                }
            }
            #expect(one.contains { !$0.isEmpty })
        }

        @Test(arguments: [
            ["head.style=torchvision"], ["loss.box=giou"], ["loss.box=smoothL1", "loss.crowd=ignore"],
            ["head.kind=reppoints"], ["data.flip=0.5", "data.augmentation=crop"], ["data.sampling=balanced"],
            ["training.accumulation=2"], ["data.mosaic=1", "data.mosaicClosing=0"], ["data.trimBatches=false"],
        ])
        func everyKindOfRulesRuns(overrides: [String]) throws {
            // RepPoints has keys of its own in place of anchors.
            var text = SmallDetector.text
            if overrides.contains("head.kind=reppoints") {
                text = text.replacing(
                    "{kind: retinanet, convolutions: 1, anchorScale: 3, anchorRatios: [1]}",
                    with: "{kind: reppoints, convolutions: 1}")
            }
            let detector = try SmallDetector()
            let recipe = try TrainingTests.recipe(["data.path=" + detector.data] + overrides, text)
            let configuration = try #require(recipe.task as? DetectionConfiguration)
            let data = try PreparedData(recipe, configuration)
            let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
            let run = try TrainingRun(recipe, data: data, task: task, console: Messages().console)
            let summary = try run.run(
                in: RunDirectory(detector.folder.path + "/run", mode: .new), resuming: false, forced: false)
            #expect(summary.test?.loss.isFinite == true)
            #expect((0...1).contains(summary.test?.primary ?? -1))
        }

        @Test func oddDataTrainsOrIsRefusedInOneSentence() throws {
            // One class; a box of no width, which is not learnt.
            let one = try SmallDetector(identifiers: [1], more: [0: "[3, 3, 0, 8]"])
            #expect(try one.train("run").test?.loss.isFinite == true)
            // Three classes with gaps, one of which has a single object.
            let gaps = try SmallDetector(identifiers: [1, 7, 90])
            #expect(try gaps.train("run").test?.loss.isFinite == true)
            // An image of another size than its annotation says.
            let wrong = try SmallDetector(wrong: 3)
            let error = #expect(throws: DatasetError.self) { try wrong.train("run") }
            #expect("\(error.map { "\($0)" } ?? "")".contains("3.png"))
            // A batch in which no image has an object.
            let empty = try SmallDetector(count: 16)
            #expect(try empty.train("run", ["training.batchSize=1", "training.epochs=1"]).test?.loss.isFinite == true)
        }

        @Test func wrongKeysAreRefusedInOneSentence() throws {
            let detector = try SmallDetector()
            func problem(_ overrides: [String]) -> String {
                do {
                    let recipe = try detector.recipe(overrides)
                    _ = try PreparedData(recipe, try #require(recipe.task as? DetectionConfiguration))
                    return "nothing"
                } catch { return "\(error)" }
            }
            #expect(
                problem(["loss.matchAbove=0.4", "loss.matchBelow=0.6"]).contains("expected at most loss.matchAbove"))
            #expect(problem(["data.fold=2"]).contains("expected at most data.folds"))
            #expect(problem(["data.path=digits"]).contains("expected data.path: scenes"))
            #expect(
                problem(["head={kind: maskRcnn}"]).contains("learns masks")
                    || problem(["head.kind=maskRcnn"]).contains("learns masks"))
        }
    }
}
