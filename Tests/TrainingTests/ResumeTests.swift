import Checkpoints
import Foundation
import Tasks
import Testing
import Training

extension Runs {
    @Suite struct Resume {
        private let folder: TemporaryFolder
        private var whole: String { folder.path + "/whole" }
        private var cut: String { folder.path + "/cut" }

        init() throws { folder = try TemporaryFolder() }

        /// Crashes before each of the updates in turn, saving every seven, then runs to the end.
        private func trainWithCrashes(_ updates: [Int], _ overrides: [String] = []) throws {
            let overrides = ["training.saveEveryUpdates=7"] + overrides
            for (i, update) in updates.enumerated() {
                #expect(throws: Crash.self) {
                    try train(cut, overrides, mode: i == 0 ? .new : .resume, crashBefore: update)
                }
            }
            try train(cut, overrides, mode: .resume)
        }

        @Test(arguments: [9, 20, 27])
        func aRunCrashedInTheMiddleOfAnEpochOrAtItsEndGoesOnToTheSameWeights(update: Int) throws {
            try train(whole)
            try trainWithCrashes([update])
            try expectSameRun(whole, cut)
        }

        @Test func severalCrashesAndOtherThreadCountsChangeNothing() throws {
            try train(whole)
            try trainWithCrashes([3, 8, 21, 21, 39], ["training.threads=2", "training.loaderThreads=2"])
            try expectSameRun(whole, cut)
        }

        @Test func momentumWithoutAnAverageOrValidationGoesOnToo() throws {
            let overrides = [
                "optimizer.kind=sgd", "optimizer.ema=null", "data.validation=0", "training.dropLast=false",
                "loss.mixup=0", "training.epochs=1",
            ]
            try train(whole, overrides)
            try trainWithCrashes([10], overrides)
            for name in weightsFiles.prefix(2) {
                #expect(
                    FileManager.default.contents(atPath: "\(whole)/\(name)")
                        == FileManager.default.contents(atPath: "\(cut)/\(name)"))
            }
            #expect(try metrics(whole) == metrics(cut))
        }

        @Test func aDamagedNewestStateFallsBackToTheOneBefore() throws {
            try train(whole)
            #expect(throws: Crash.self) { try train(cut, ["training.saveEveryUpdates=7"], crashBefore: 27) }
            let newest = try #require(try FileManager.default.contentsOfDirectory(atPath: cut + "/state").max())
            try Data("broken".utf8).write(to: URL(fileURLWithPath: "\(cut)/state/\(newest)/state.safetensors"))
            let messages = Messages()
            try train(cut, mode: .resume, messages)
            #expect(messages.all.contains("so an older one is tried"))
            try expectSameRun(whole, cut)
        }

        @Test func withNothingSavedYetItStartsFromTheBeginningAndSaysSo() throws {
            try train(whole, ["training.epochs=1"])
            #expect(throws: Crash.self) { try train(cut, ["training.epochs=1"], crashBefore: 5) }
            let messages = Messages()
            try train(cut, ["training.epochs=1"], mode: .resume, messages)
            #expect(messages.all.contains("nothing was saved in \(cut) yet, so the run starts from the beginning"))
            try expectSameRun(whole, cut)
        }

        @Test func aFinishedRunIsKnownAsSuchWithoutItsData() throws {
            #expect(try FinishedRun(in: whole, recipe()) == nil)
            let result = try train(whole, ["training.epochs=1"])
            let finished = try #require(try FinishedRun(in: whole, recipe(["training.epochs=1"])))
            #expect(finished.summary == result.json)
            #expect(finished.warning == nil)
            let moved = try #require(
                try FinishedRun(in: whole, recipe(["training.epochs=1", "data.path=/gone"])))
            #expect(moved.warning == nil)
            let other = try #require(
                try FinishedRun(in: whole, recipe(["training.epochs=1", "optimizer.learningRate=1"])))
            #expect(other.warning?.contains("optimizer.learningRate: 0.004 -> 1.0") == true)
            #expect(try FinishedRun(in: whole, recipe(["training.epochs=3"])) == nil)
        }

        @Test func aChangedConfigurationIsRefusedAndTheRunStaysAsItWas() throws {
            #expect(throws: Crash.self) { try train(cut, crashBefore: 25) }
            let error = #expect(throws: RecipeError.self) {
                try train(cut, ["optimizer.weightDecay=0.1", "run.seed=3"], mode: .resume)
            }
            #expect(
                error?.description
                    == "\(cut): the configuration is not the one the run was started with (run.seed: 0 -> 3, "
                    + "optimizer.weightDecay: 0.05 -> 0.1); give the same configuration, go on all the same with --force, "
                    + "or start anew with --overwrite")
            let gone = #expect(throws: RecipeError.self) { try train(cut, ["optimizer.ema=null"], mode: .resume) }
            #expect(gone?.description.contains("optimizer.ema") == true)
            try train(whole)
            try train(cut, mode: .resume)
            try expectSameRun(whole, cut)
        }

        @Test func aForcedChangeAndALongerConstantScheduleGoOn() throws {
            #expect(throws: Crash.self) { try train(cut, crashBefore: 25) }
            try train(cut, ["optimizer.weightDecay=0.1"], mode: .resume, forced: true)
            // From now on the run is one of the new configuration.
            try train(cut, ["optimizer.weightDecay=0.1"], mode: .resume)
            // With a learning rate that does not depend on the length, more epochs are what a longer run would have made.
            let constant = ["schedule.kind=constant"]
            try train(folder.path + "/longer", constant)
            try train(folder.path + "/longer", constant + ["training.epochs=3"], mode: .resume)
            try train(folder.path + "/atOnce", constant + ["training.epochs=3"])
            try expectSameRun(folder.path + "/atOnce", folder.path + "/longer")
            let cosine = #expect(throws: RecipeError.self) {
                try train(cut, ["optimizer.weightDecay=0.1", "training.epochs=3"], mode: .resume)
            }
            #expect(cosine?.description.contains("training.epochs: 2 -> 3") == true)
        }

        @Test func otherDataBehindTheSamePathIsRefused() throws {
            let data = folder.path + "/data"
            try writeIDX(data, images: 60)
            #expect(throws: Crash.self) {
                try train(cut, ["data.path=\(data)", "training.batchSize=8"], crashBefore: 8)
            }
            try writeIDX(data, images: 80)
            let error = #expect(throws: RecipeError.self) {
                try train(cut, ["data.path=\(data)", "training.batchSize=8"], mode: .resume)
            }
            #expect(error?.description.contains("training images, but the run in \(cut) was started with") == true)
        }
    }
}

/// Ten-class IDX files of random-looking 8x8 images, as both parts.
func writeIDX(
    _ folder: String, images count: Int, classes: Int = 4, label: ((Int) -> Int)? = nil
) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for part in ["train", "t10k"] {
        let size = [UInt8(count >> 8), UInt8(count & 255)]
        let pixels = (0..<count * 64).map { UInt8(truncatingIfNeeded: $0 &* 40503 >> 7) }
        let images = [0, 0, 8, 3, 0, 0] + size + [0, 0, 0, 8, 0, 0, 0, 8] + pixels
        let labels = [0, 0, 8, 1, 0, 0] + size + (0..<count).map { UInt8(label?($0) ?? $0 % classes) }
        try Data(images).write(to: URL(fileURLWithPath: "\(folder)/\(part)-images-idx3-ubyte"))
        try Data(labels).write(to: URL(fileURLWithPath: "\(folder)/\(part)-labels-idx1-ubyte"))
    }
}
