import Autograd
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

/// A small segmenter, and a folder of images and masks that it learns from.
struct SmallSegmenter {
    static let text = """
        task: segmentation
        data:
          imageSize: [32, 32]
          augmentation: scaledCrop
          resizeRange: [0.8, 1.25]
          background: ground
          validation: 0.25
        model:
          name: hornet
          baseWidth: 8
          depths: [1, 1]
          orders: [1, 2]
          mixers: [7x7, 7x7]
          stemStride: 2
          initialization: uniform
          layerScale: 1
        head: {kind: semanticFPN, channels: 8}
        neck: {channels: 8}
        optimizer: {learningRate: 1e-2, clipNorm: 5, ema: {decay: 0.9}}
        schedule: {warmupEpochs: 0}
        training: {epochs: 2, batchSize: 4, threads: 1, saveEveryMinutes: 0}
        """

    let folder: TemporaryFolder
    var data: String { folder.path + "/data" }

    /// Bright squares on dark ground, of two sizes of images; a strip of each mask is ignored.
    /// - Parameter areAlike: whether all images are the same one, and their masks ignore strips of different heights.
    init(count: Int = 16, areAlike: Bool = false) throws {
        folder = try TemporaryFolder()
        for name in ["images", "labels"] {
            try FileManager.default.createDirectory(
                atPath: data + "/" + name, withIntermediateDirectories: true)
        }
        var random = Random(seed: 4, purpose: "squares")
        for index in 0..<count {
            if areAlike { random = Random(seed: 4, purpose: "squares") }
            let (width, height) = index % 3 == 0 && !areAlike ? (44, 36) : (32, 40)
            let ignored = areAlike ? 5 + index : 1
            let (x, y) = (4 + random.integer(below: 12), 4 + random.integer(below: 12))
            var (pixels, labels) = ([UInt8](), [UInt8]())
            for v in 0..<height {
                for u in 0..<width {
                    let isInside = (x..<x + 14).contains(u) && (y..<y + 14).contains(v)
                    let light = isInside ? 170 : 60
                    pixels += (0..<3).map { _ in UInt8(light + random.integer(below: 40)) }
                    labels.append(v < ignored ? 255 : isInside ? 1 : 0)
                }
            }
            func write(_ name: String, _ channels: Int, _ bytes: [UInt8]) throws {
                let image = Image(width: width, height: height, channels: channels, pixels: bytes)
                try AtomicFile.write("\(data)/\(name)/\(index).png", try image.encodedAsPNG())
            }
            try write("images", 3, pixels)
            try write("labels", 1, labels)
        }
        try AtomicFile.write(data + "/classes.txt", "0 ground\n1 square\n255 ignore\n")
    }

    func recipe(_ overrides: [String] = []) throws -> Training.Recipe {
        try TrainingTests.recipe(["data.path=" + data] + overrides, Self.text)
    }

    @discardableResult
    func train(
        _ name: String, _ overrides: [String] = [], mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil
    ) throws -> Summary {
        let recipe = try recipe(overrides)
        let configuration = try #require(recipe.task as? SegmentationConfiguration)
        let data = try PreparedData(recipe, configuration)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        let run = try TrainingRun(recipe, data: data, task: task, console: Messages().console)
        run.beforeUpdate = { if $0 == update { throw Crash() } }
        return try run.run(
            in: RunDirectory(folder.path + "/" + name, mode: mode), resuming: mode == .resume, forced: false)
    }
}

extension Runs {
    @Suite struct SegmentationRuns {
        private let segmenter: SmallSegmenter

        init() throws { segmenter = try SmallSegmenter() }

        private func path(_ name: String) -> String { segmenter.folder.path + "/" + name }

        @Test func learnsSquaresAndWritesWhatOthersRelyOn() throws {
            let summary = try segmenter.train("run", ["training.epochs=12"])
            let value = try #require(summary.test?[.meanIoU])
            #expect(value > 0.7, "mIoU is \(value) after 12 epochs of squares")
            let json = try JSONValue(parsing: contents(path("run") + "/summary.json"))
            for key in [
                "testMeanIoU", "testPixelAccuracy", "testMeanDice", "testImageDice", "bestValidationMeanIoU",
            ] { #expect(json[key]?.doubleValue != nil, "summary.json lacks \(key)") }
            #expect(try contents(path("run") + "/report/snapshot-12.json").contains("\"answer\""))
            #expect(FileManager.default.fileExists(atPath: path("run") + "/report.html"))
        }

        @Test func threadsChangeNoByte() throws {
            try segmenter.train("one")
            try segmenter.train("two", ["training.threads=2", "training.loaderThreads=2"])
            try expectSameRun(path("one"), path("two"))
        }

        @Test func aRunThatCrashedGoesOnToTheSameBytes() throws {
            try segmenter.train("whole")
            let saving = ["training.saveEveryUpdates=2"]
            #expect(throws: Crash.self) { try segmenter.train("cut", saving, crashBefore: 5) }
            try segmenter.train("cut", saving, mode: .resume)
            try expectSameRun(path("whole"), path("cut"))
        }

        /// Masks ignore strips of different heights, so a slice's mean is not worth the same as another's.
        @Test func slicesCountByThePixelsThatCount() throws {
            let alike = try SmallSegmenter(areAlike: true)
            let recipe = try alike.recipe(["data.augmentation=none"])
            try expectSlicesToAddUp(recipe, try #require(recipe.task as? SegmentationConfiguration))
        }

        @Test func measuresDependOnNoBatchSize() throws {
            try segmenter.train("run", ["training.epochs=1"])
            let weights = try Weights.read(path("run") + "/weights/last.safetensors")
            let task = try SegmentationConfiguration.task(weights.metadata.vocabulary)
            let recipe = try segmenter.recipe()
            let part = try #require(recipe.task as? SegmentationConfiguration).openPart(
                recipe.dataRequest, .all, isTrainedOn: true)
            let found = try [1, 3, 8].map { size in
                try task.evaluate(
                    weights.model, weights.store,
                    BatchLoader(
                        part.dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
                        collator: task.collator(training: false), options: LoaderOptions(batchSize: size)))
            }
            #expect(found[0].scores == found[1].scores && found[1].scores == found[2].scores)
            #expect(found[0].counts == found[2].counts)
            // Together or one by one, an image's answer is the same.
            let one = try (0..<part.dataset.count).map { index in
                try task.evaluate(
                    weights.model, weights.store,
                    BatchLoader(
                        SubsetDataset(part.dataset, indices: [index]),
                        transform: try Transform(weights.metadata.transform, mode: .evaluation),
                        collator: task.collator(training: false), options: LoaderOptions(batchSize: 1))
                ).counts
            }
            var sum = PixelCounts(classes: 2)
            for counts in one { sum += counts }
            #expect(sum == found[0].counts)
        }

        @Test(arguments: [
            ["evaluation.mode=slide", "evaluation.window=[24,24]", "evaluation.stride=[16,16]"],
            ["evaluation.flip=true", "evaluation.scales=[0.75,1]"], ["evaluation.fit=[64,48]"],
            ["evaluation.boundary=2"],
            ["head.kind=upernet", "neck.fusion=gnconv7x7"], ["head.kind=fcn", "loss.kind=focal"],
            ["loss.kind=binary"], ["loss.kind=hardExamples", "loss.lovasz=0.5", "loss.dice=0.5"],
            ["loss.classWeights=balanced"],
            ["data.elastic=[4,8]", "data.rotation=20", "data.photometric=true", "data.verticalFlip=0.5"],
        ])
        func everyWayOfEvaluatingAndEveryLossRuns(overrides: [String]) throws {
            let summary = try segmenter.train("run", ["training.epochs=2"] + overrides)
            #expect(summary.validation?.loss.isFinite == true)
            #expect((0...1).contains(summary.validation?.primary ?? -1))
        }

        @Test func everyImageIsTestedInOneFold() throws {
            var tested: [String] = []
            for fold in 1...4 {
                let recipe = try segmenter.recipe(["data.folds=4", "data.fold=\(fold)", "data.validation=0"])
                let data = try PreparedData(recipe, try #require(recipe.task as? SegmentationConfiguration))
                let test = try #require(data.splits.test)
                tested += (0..<test.count).map { test.name($0) }
                #expect(test.count + data.splits.train.count == 16)
            }
            #expect(tested.count == 16 && Set(tested).count == 16)
        }

        @Test func crossValidationTrainsEachFoldAndGivesMeanAndDeviation() throws {
            let overrides = ["data.path=" + segmenter.data, "data.folds=2", "training.epochs=1"]
            let config = path("small.yaml")
            try AtomicFile.write(config, SmallSegmenter.text)
            let recipe = try Recipe.load(config, overrides: overrides)
            #expect(CrossValidation.folds(recipe) == 2)
            let validation = try CrossValidation(config, recipe, overrides: overrides, path: path("folds"))
            let json = try validation.run(Messages().console).json
            let values = json["metrics"]?["testMeanIoU"]?["values"]?.arrayValue ?? []
            #expect(values.count == 2 && json["metrics"]?["testMeanIoU"]?["deviation"]?.doubleValue != nil)
            let folds = try JSONValue(parsing: contents(path("folds") + "/folds.json"))
            #expect(folds["1"]?.arrayValue?.count == 8 && folds["2"]?.arrayValue?.count == 8)
        }

        @Test func wrongKeysAreRefusedInOneSentence() throws {
            func problem(_ overrides: [String]) -> String {
                do {
                    let recipe = try segmenter.recipe(overrides)
                    _ = try PreparedData(recipe, try #require(recipe.task as? SegmentationConfiguration))
                    return "nothing"
                } catch { return "\(error)" }
            }
            #expect(problem(["data.background=sky"]).contains("data.background is sky, which is no class"))
            #expect(problem(["data.fold=2"]).contains("expected at most data.folds"))
            #expect(problem(["evaluation.stride=[600,600]"]).contains("expected at most the window"))
            #expect(problem(["neck.fusion=gnconv7x7", "head.kind=unet"]).contains("fuses by blocks of its own"))
            #expect(problem(["data.labelValues=[0]"]).contains("1"))
            #expect(problem(["data.colors=[red]"]).contains("expected a color as #rrggbb"))
        }
    }
}
