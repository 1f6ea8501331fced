import Checkpoints
import Configuration
import Datasets
import Foundation
import JSON
import Models
import Tasks
import Tensors
import Testing
import Training

/// A small model that enlarges, and a folder of images that it learns from.
struct SmallEnlarger {
    static let text = """
        task: superResolution
        data: {patch: 12, validation: 0.25, flip: 0.5, verticalFlip: 0.5, quarterTurns: 0.75}
        model: {name: hdsrnet, width: 8, groups: 1, experts: 2}
        optimizer: {learningRate: 2e-3, weightDecay: 0, clipNorm: 1, ema: {decay: 0.9}}
        schedule: {warmupEpochs: 0}
        training: {epochs: 2, batchSize: 4, threads: 1, saveEveryMinutes: 0}
        """

    let folder: TemporaryFolder
    var data: String { folder.path + "/data" }

    /// Stripes of random directions, of two sizes of images.
    init(count: Int = 16) throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: data + "/inner", withIntermediateDirectories: true)
        var random = Random(seed: 4, purpose: "stripes")
        for index in 0..<count {
            let (width, height) = index % 3 == 0 ? (45, 36) : (32, 40)
            let (across, down) = (random.uniform(0.1, 0.9), random.uniform(0.1, 0.9))
            let pixels = (0..<height).flatMap { y in
                (0..<width).flatMap { x -> [UInt8] in
                    let light = 128 + 100 * sin(across * Double(x) + down * Double(y))
                    return [UInt8(light), UInt8(255 - light), UInt8(light / 2)]
                }
            }
            let image = Image(width: width, height: height, channels: 3, pixels: pixels)
            try AtomicFile.write("\(data)/\(index % 2 == 0 ? "" : "inner/")\(index).png", try image.encodedAsPNG())
        }
    }

    func recipe(_ overrides: [String] = []) throws -> Recipe {
        try TrainingTests.recipe(["data.path=" + data] + overrides, Self.text)
    }

    @discardableResult
    func train(
        _ name: String, _ overrides: [String] = [], mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil
    ) throws -> Summary {
        let recipe = try recipe(overrides)
        let configuration = try #require(recipe.task as? SuperResolutionConfiguration)
        let data = try PreparedData(recipe, configuration)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        let run = try TrainingRun(recipe, data: data, task: task, console: Messages().console)
        run.beforeUpdate = { if $0 == update { throw Crash() } }
        return try run.run(
            in: RunDirectory(folder.path + "/" + name, mode: mode), resuming: mode == .resume, forced: false)
    }
}

extension Runs {
    @Suite struct SuperResolutionRuns {
        private let enlarger: SmallEnlarger

        init() throws { enlarger = try SmallEnlarger() }

        private func path(_ name: String) -> String { enlarger.folder.path + "/" + name }

        @Test func learnsStripesAndWritesWhatOthersRelyOn() throws {
            let summary = try enlarger.train("run", ["training.epochs=30"])
            let json = try JSONValue(parsing: contents(path("run") + "/summary.json"))
            for key in [
                "testPSNR", "testSSIM", "testBicubicPSNR", "testBicubicSSIM", "bestValidationPSNR",
            ] { #expect(json[key]?.doubleValue != nil, "summary.json lacks \(key)") }
            let first = try #require(try metrics(path("run")).first?["validationPSNR"])
            let best = try #require(json["bestValidationPSNR"]?.doubleValue)
            #expect(best > first + 3, "the PSNR went from \(first) to \(best)")
            #expect(summary.test != nil)
            #expect(try contents(path("run") + "/report/snapshot-30.json").contains("\"bicubic\""))
            #expect(try contents(path("run") + "/report.html").contains("Worst and best images"))
        }

        @Test func threadsChangeNoByte() throws {
            try enlarger.train("one")
            try enlarger.train("two", ["training.threads=2", "training.loaderThreads=2"])
            try expectSameRun(path("one"), path("two"))
        }

        @Test func aRunThatCrashedGoesOnToTheSameBytes() throws {
            try enlarger.train("whole")
            let saving = ["training.saveEveryUpdates=2"]
            #expect(throws: Crash.self) { try enlarger.train("cut", saving, crashBefore: 4) }
            try enlarger.train("cut", saving, mode: .resume)
            try expectSameRun(path("whole"), path("cut"))
        }

        @Test func measuresDependOnNoBatchSize() throws {
            try enlarger.train("run", ["training.epochs=1"])
            let weights = try Weights.read(path("run") + "/weights/last.safetensors")
            let task = try SuperResolutionConfiguration.task(weights.metadata.vocabulary)
            let recipe = try enlarger.recipe()
            let part = try #require(recipe.task as? SuperResolutionConfiguration).openPart(
                recipe.dataRequest, .all, isTrainedOn: true)
            let found = try [1, 3, 8].map { size in
                try task.evaluate(
                    weights.model, weights.store,
                    BatchLoader(
                        part.dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
                        collator: task.collator(training: false), options: LoaderOptions(batchSize: size)))
            }
            #expect(found[0].scores == found[1].scores && found[1].scores == found[2].scores)
        }

        @Test(arguments: ["l1", "mse", "charbonnier"], [2, 4])
        func everyLossAndScaleRuns(kind: String, scale: Int) throws {
            let summary = try enlarger.train(
                "run", ["training.epochs=1", "loss.kind=\(kind)", "data.scale=\(scale)", "data.patch=8"])
            #expect(summary.validation?.loss.isFinite == true)
        }

        @Test func badInputIsToldInASentence() throws {
            let wrong: [([String], String)] = [
                (["data.patch=24"], "a smaller data.patch"), (["data.rotation=10"], "flips and quarter turns alone"),
                (["data.imageSize=[32,32]"], "leave it out"), (["model.inputChannels=1"], "leave it out"),
                (["data.erasing=0.5"], "data.erasing"), (["data.colorJitter=[0.1,0,0,0]"], "colorJitter"),
            ]
            for (overrides, words) in wrong {
                let error = #expect(throws: RecipeError.self) { try enlarger.train("run", overrides) }
                #expect(error?.description.contains(words) == true, "\(overrides): \(error?.description ?? "")")
            }
            let error = #expect(throws: ConfigurationError.self) { try enlarger.recipe(["data.scale=5"]) }
            #expect("\(error.map { "\($0)" } ?? "")".contains("scale"))
        }

        /// Colors are no classes.
        @Test func theDataIsLookedAtWithoutClasses() throws {
            let recipe = try enlarger.recipe()
            let configuration = try #require(recipe.task as? SuperResolutionConfiguration)
            let found = try DataInspection(recipe, configuration)
            #expect(found.classNames.isEmpty && found.parts.allSatisfy { $0.classCounts.isEmpty })
            #expect(found.parts.reduce(0) { $0 + $1.decoded } == 16)
            #expect(try found.fitting(recipe).costs.allSatisfy { $0 == nil })
            let export = path("export")
            #expect(try found.export(to: export).masks == 16)
            #expect(!FileManager.default.fileExists(atPath: export + "/classes.txt"))
        }

        /// Enlarged images are no scores of classes: maps alone are compared, and losses on scores refused at their key.
        @Test func distillationComparesMapsAlone() throws {
            func read(_ more: String) throws -> DistillationRecipe {
                let text =
                    SmallEnlarger.text + "\npool: {teachers: [{name: large, weights: large.safetensors}]}\n" + more
                return try DistillationRecipe(
                    ConfigurationDocument.parse(text: text, name: "small.yaml"), path: "small.yaml")
            }
            #expect(try read("").stages.common.losses.map(\.kind) == [.pkd])
            #expect(try read("stage: {losses: [{kind: l2}, {kind: at}]}").stages.common.losses.count == 2)
            for (more, words) in [
                ("stage: {losses: [{kind: pkd}, {kind: kd}]}", "`stage`: the loss kd compares scores of classes"),
                ("stages: [{teacher: large, losses: [{kind: dist}]}]", "`stages`: the loss dist compares"),
            ] {
                let error = #expect(throws: ConfigurationError.self) { try read(more) }
                #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(more)")
            }
        }

        @Test func theGradientOfTheWholeModelIsRight() throws {
            for scale in [2, 3, 4] {
                let specification = ModelSpecification(
                    HDSRNetSpecification(width: 8, groups: 1, experts: 3),
                    head: EnlargingHeadSpecification(scale: scale))
                for outcome in try ModelGradientCheck(specification, height: 6, width: 7).run() {
                    #expect(outcome.passed, "\(outcome.name): \(outcome.relativeError)")
                }
            }
        }
    }
}
