import Checkpoints
import Foundation
import Testing
import Training

extension Runs {
    /// What must not change a run, or only by rounding: parts of batches, and blocks computed twice.
    @Suite struct Economy {
        private let folder: TemporaryFolder
        private var whole: String { folder.path + "/whole" }
        private var parts: String { folder.path + "/parts" }
        private let overrides: [String]

        /// 54 images in batches of 16: the last batch has 6, which make a part of 4 and one of 2.
        init() throws {
            folder = try TemporaryFolder()
            let data = folder.path + "/data"
            try writeIDX(data, images: 54)
            overrides = [
                "data.path=\(data)", "data.validation=0", "training.batchSize=16", "training.dropLast=false",
                "training.epochs=2", "optimizer.kind=sgd", "optimizer.clipNorm=0.5", "optimizer.learningRate=0.05",
            ]
        }

        @Test func partsOfABatchGiveWhatTheBatchGives() throws {
            // With dropped paths, mixed images, a short last batch, clipping and an average.
            let first = try train(whole, overrides)
            let second = try train(parts, overrides + ["training.accumulation=4"])
            #expect(first.cost.updates == 8 && second.cost.updates == 8)
            #expect(try relativeDistance(parts, whole) < 2e-6)
            for (a, b) in zip(try metrics(whole), try metrics(parts)) {
                #expect(abs((a["trainLoss"] ?? 0) - (b["trainLoss"] ?? 1)) < 1e-5)
                #expect(abs((a["gradientNorm"] ?? 0) - (b["gradientNorm"] ?? 1)) < 1e-5)
                #expect(a["trainAccuracy"] == b["trainAccuracy"])
            }
            // The measure itself: another batch size is another run.
            try train(folder.path + "/other", overrides + ["training.batchSize=8"])
            #expect(try relativeDistance(folder.path + "/other", whole) > 1e-3)
        }

        @Test func runningStatisticsMoveOnceForEachPart() throws {
            let model = [
                "model={name: resnet, baseWidth: 4, depths: [1, 1], stem: small}", "optimizer.ema=null",
                "training.epochs=1", "training.dropLast=true",
            ]
            try train(whole, overrides + model, recipeText)
            try train(parts, overrides + model + ["training.accumulation=4"], recipeText)
            func tracked(_ folder: String) throws -> Int? {
                let file = try SafetensorsFile.read(path: folder + "/weights/last.safetensors")
                return try file["bn1.num_batches_tracked"]?.integers().first
            }
            #expect(try tracked(whole) == 3)
            #expect(try tracked(parts) == 12)
        }

        @Test func blocksComputedTwiceGiveTheSameBytes() throws {
            try train(whole, overrides)
            try train(parts, overrides + ["training.checkpointing=true"])
            try expectSameRun(whole, parts)
        }

        @Test func everythingTogetherGoesOnExactlyAfterACrash() throws {
            let all =
                overrides + [
                    "training.accumulation=4", "training.checkpointing=true", "optimizer.layerDecay=0.8",
                    "data.sampling=balanced", "loss.kind=binaryCrossEntropy", "loss.classWeights=balanced",
                    "optimizer.freeze=[downsample_layers.0.*]", "data.randAugment=rand-m9-mstd0.5-inc1",
                    "optimizer.kind=adamw",
                ]
            try train(whole, all)
            let often = all + ["training.saveEveryUpdates=1"]
            #expect(throws: Crash.self) { try train(parts, often, crashBefore: 2) }
            #expect(throws: Crash.self) { try train(parts, often, mode: .resume, crashBefore: 6) }
            try train(parts, often + ["training.threads=2"], mode: .resume)
            try expectSameRun(whole, parts)
        }

        @Test func accumulationMustDivideTheBatch() {
            #expect(throws: (any Error).self) { try recipe(["training.accumulation=3"]) }
        }

        private var recipeText: String { smallRecipe.replacing(/model:[\s\S]*?loss:/, with: "loss:") }
    }
}

/// Trains another text than `smallRecipe`.
private func train(_ folder: String, _ overrides: [String], _ text: String) throws {
    _ = try run(of: recipe(overrides, text)).run(in: RunDirectory(folder, mode: .new), resuming: false)
}
