import Checkpoints
import Foundation
import Tasks
import Testing
import Training

extension Runs {
    /// Batches cut into slices whose gradients are added by a tree.
    @Suite struct Slices {
        private let folder: TemporaryFolder
        private var whole: String { folder.path + "/whole" }
        private var cut: String { folder.path + "/cut" }
        private let overrides: [String]

        /// 54 images in batches of 16: the last batch has 6.
        init() throws {
            folder = try TemporaryFolder()
            let data = folder.path + "/data"
            try writeIDX(data, images: 54)
            overrides = [
                "data.path=\(data)", "data.validation=0", "training.batchSize=16", "training.dropLast=false",
                "training.epochs=2", "optimizer.kind=sgd", "optimizer.clipNorm=0.5", "optimizer.learningRate=0.05",
            ]
        }

        private var resnet: [String] {
            ["model={name: resnet, baseWidth: 4, depths: [1, 1], stem: small}", "optimizer.ema=null"]
        }

        private func file(_ folder: String) throws -> SafetensorsFile {
            try SafetensorsFile.read(path: folder + "/weights/last.safetensors")
        }

        private func trainNet(_ folder: String, _ more: [String]) throws {
            let text = smallRecipe.replacing(/model:[\s\S]*?loss:/, with: "loss:")
            _ = try run(of: recipe(overrides + resnet + more, text)).run(
                in: RunDirectory(folder, mode: .new), resuming: false)
        }

        @Test(arguments: [2, 4, 16]) func slicesGiveWhatTheBatchGives(slices: Int) throws {
            // With dropped paths, mixed images, clipping and an average; of 16 slices ten are empty in the last batch.
            try train(whole, overrides)
            try train(cut, overrides + ["training.slices=\(slices)"])
            #expect(try relativeDistance(whole, cut) < 2e-6)
            for (a, b) in zip(try metrics(whole), try metrics(cut)) {
                #expect(abs((a["trainLoss"] ?? 0) - (b["trainLoss"] ?? 1)) < 1e-5)
                #expect(abs((a["gradientNorm"] ?? 0) - (b["gradientNorm"] ?? 1)) < 1e-5)
                #expect(a["trainAccuracy"] == b["trainAccuracy"])
            }
        }

        @Test func oneSliceIsTheWholeBatch() throws {
            try train(whole, overrides)
            try train(cut, overrides + ["training.slices=1"])
            try expectSameRun(whole, cut)
        }

        @Test func statisticsAreOfEachSliceAndFoldedInTheirOrder() throws {
            // Parts of a batch see the same images, and their statistics are folded as they come: before the second update
            // nothing else can differ.
            let once = ["training.epochs=1", "training.dropLast=true", "training.batchSize=54"]
            try trainNet(whole, once + ["training.batchSize=54", "training.accumulation=2"])
            try trainNet(cut, once + ["training.slices=2"])
            let (parts, slices) = (try file(whole), try file(cut))
            #expect(try slices["bn1.num_batches_tracked"]?.integers() == [2])
            let names = parts.tensors.map(\.name).filter { $0.contains("running_") }
            #expect(names.count >= 6)
            for name in names { #expect(try parts[name]?.floats() == slices[name]?.floats(), "\(name)") }
        }

        @Test func aSlicedRunGoesOnExactlyAfterACrashWhateverTheThreads() throws {
            let all = [
                "training.slices=4", "training.accumulation=8", "training.checkpointing=true",
                "loss.kind=binaryCrossEntropy", "loss.classWeights=balanced", "optimizer.kind=adamw",
            ]
            try train(whole, overrides + all)
            let often = overrides + all + ["training.saveEveryUpdates=1"]
            #expect(throws: Crash.self) { try train(cut, often, crashBefore: 2) }
            try train(cut, often + ["training.threads=2"], mode: .resume)
            try expectSameRun(whole, cut)
            // A run of another number of slices is another run.
            let error = #expect(throws: RecipeError.self) {
                try train(cut, overrides + all + ["training.slices=8"], mode: .resume)
            }
            #expect(error?.description.contains("training.slices: 4 -> 8") == true, "\(error as Any)")
        }

        @Test func numbersOfSlicesThatCannotBeAreRefused() throws {
            func refusal(_ overrides: [String]) -> String {
                do {
                    _ = try recipe(overrides)
                    return "accepted"
                } catch { return "\(error)" }
            }
            #expect(refusal(["training.slices=6"]).contains("found 6, expected a power of two, such as 4 or 8"))
            #expect(
                refusal(["training.batchSize=12", "training.slices=16"]).contains(
                    "found 16, expected at most 8, as training.batchSize is 12"))
            #expect(refusal(["training.batchSize=12", "training.slices=8"]) == "accepted")
        }

        @Test func singleImagesCountAsTheyAreCut() throws {
            func drops(_ size: Int, _ count: Int, _ slices: Int) throws -> Bool {
                try recipe(["training.batchSize=\(size)", "training.slices=\(slices)"]).training.dropsLast(of: count)
            }
            // Six images in four slices: 1, 2, 1, 2.
            #expect(try drops(16, 54, 4))
            #expect(try !drops(16, 54, 2))
            #expect(try !drops(4, 6, 4), "whole batches are cut into single images as well")
        }
    }
}

/// max |a - b| / max |b| over the last weights of two run folders.
func relativeDistance(_ a: String, _ b: String) throws -> Double {
    func values(_ folder: String) throws -> [Float] {
        // Running statistics move once for every slice.
        let file = try SafetensorsFile.read(path: folder + "/weights/last.safetensors")
        let kept = file.tensors.filter { $0.type.isFloatingPoint && !$0.name.contains("running_") }
        return try kept.flatMap { try $0.floats() }
    }
    let (first, second) = (try values(a), try values(b))
    let largest = second.map { abs($0) }.max() ?? 0
    return (zip(first, second).map { Double(abs($0 - $1)) }.max() ?? .infinity) / Double(largest)
}
