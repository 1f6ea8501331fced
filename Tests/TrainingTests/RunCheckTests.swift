import Checkpoints
import Datasets
import Foundation
import Tasks
import Testing
import Training

extension Runs {
    /// What is looked at before the first update.
    @Suite struct Checks {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }

        init() throws { folder = try TemporaryFolder() }

        /// A ResNet whose last maps have one pixel at 8x8.
        private let resnet = """
            data: {path: digits, imageSize: [8, 8], flip: 0}
            model: {name: resnet, baseWidth: 4, depths: [1, 1, 1, 1], stem: small}
            optimizer: {learningRate: 1e-2}
            schedule: {warmupEpochs: 0}
            training: {epochs: 1, batchSize: 64, threads: 1}
            reporting: {htmlReport: false}
            """

        private func run(_ overrides: [String], _ messages: Messages = Messages()) throws -> ClassificationRun {
            try TrainingTests.run(of: recipe(overrides, resnet), messages)
        }

        private func refusal(_ overrides: [String]) -> String {
            do {
                _ = try run(overrides)
                return "accepted"
            } catch { return "\(error)" }
        }

        @Test func aBatchNormOverASingleValueIsRefused() throws {
            #expect(
                refusal(["training.batchSize=1"]).hasPrefix("training.batchSize is 1, but at 8x8 the BatchNorm layer4.")
            )
            #expect(
                refusal(["training.accumulation=64"]).hasPrefix(
                    "training.accumulation 64 cuts training.batchSize 64 into single images"))
            // 1294 = 3 * 431 + 1.
            #expect(
                refusal(["training.batchSize=431", "training.dropLast=false"]).hasPrefix(
                    "the last part of 1294 images in batches of 431 is a single image"))
            #expect(refusal(["training.batchSize=431"]) == "accepted", "auto leaves the single image out")
            #expect(
                refusal(["training.batchSize=1", "data.imageSize=[16, 16]"]) == "accepted", "2x2 maps have four values")
            #expect(
                refusal(["training.batchSize=1", "optimizer.freeze=['*bn*', '*downsample.1*']"]) == "accepted",
                "frozen statistics are not taken anew")
        }

        @Test func frozenBatchNormsKeepTheirStatistics() throws {
            _ = try run(["optimizer.freeze=['layer1.*']"]).run(in: RunDirectory(path, mode: .new), resuming: false)
            let file = try SafetensorsFile.read(path: path + "/weights/last.safetensors")
            let means = file.tensors.filter { $0.name.hasSuffix("running_mean") }
            #expect(means.count > 4)
            for mean in means {
                let isFresh = try mean.floats().allSatisfy { $0 == 0 }
                #expect(isFresh == mean.name.hasPrefix("layer1."), "\(mean.name)")
            }
        }

        @Test func fewUpdatesAnEpochAreSaidWithABetterBatchSize() throws {
            func notice(_ size: Int, _ count: Int, _ more: [String] = []) throws -> String? {
                RunChecks.fewUpdates(try recipe(["training.batchSize=\(size)"] + more).training, count: count)
            }
            #expect(
                try notice(128, 147)
                    == "An epoch of 147 images in batches of 128 has 2 updates; training.batchSize=16 would give 10.")
            #expect(
                try notice(128, 147, ["training.dropLast=true"])
                    == "An epoch of 147 images in batches of 128 has 1 update, and 19 images (13 %) are left out of each "
                    + "(training.dropLast); training.batchSize=16 would give 10.")
            #expect(
                try notice(128, 24)
                    == "The training set has 24 images, fewer than training.batchSize (128), so every epoch is one short "
                    + "batch; training.batchSize=4 would give 6.")
            #expect(try notice(64, 1294) == nil)
            #expect(try notice(16, 200) == nil, "nothing is to be gained")
        }

        @Test func aRunThatEndsBeforeItsKernelsSettleIsTold() throws {
            func notice(_ model: String, _ epochs: Int) throws -> String? {
                let text = "data: {path: digits, imageSize: [8, 8]}\nmodel: {\(model)}"
                return RunChecks.unsettled(try recipe([], text), epochs: epochs)
            }
            #expect(
                try notice("name: resnet20, shortcut: projection, convolution: odConv", 9)
                    == "The attentions that make the model's kernels settle over 10 epochs, but the run has 9, so that it "
                    + "ends while they are still held back; train longer or lower model.annealingEpochs.")
            #expect(
                try notice("name: mixnet_digits, mixer: kernelWarehouse", 3)
                    == "The attentions that make the model's kernels settle over 4 epochs, but the run has 3, so that it "
                    + "ends while they are still held back; train longer.")
            #expect(try notice("name: mobilenetv2_nano32, convolution: dyConv, annealingEpochs: 2.5", 2) != nil)
            for (model, epochs) in [
                ("name: resnet20, convolution: odConv", 10), ("name: resnet20, convolution: condConv", 1),
                ("name: mixnet_digits, mixer: condConv", 1), ("name: resnet20", 1),
                ("name: mixnet_digits, mixer: odConv", 4),
            ] { #expect(try notice(model, epochs) == nil, "\(model)") }
        }

        @Test func shortBatchesAreLeftOutWhereManyComeBeforeThem() throws {
            func drops(_ size: Int, _ count: Int, _ more: [String] = []) throws -> Bool {
                try recipe(["training.batchSize=\(size)"] + more).training.dropsLast(of: count)
            }
            #expect(try drops(10, 105))
            #expect(try !drops(10, 99), "nine batches: a tenth of the images would be lost")
            #expect(try drops(10, 51), "a single image")
            #expect(try drops(8, 37, ["training.accumulation=2"]), "a part of a single image")
            #expect(try !drops(10, 7))
            #expect(try drops(10, 99, ["training.dropLast=true"]))
            #expect(try !drops(10, 105, ["training.dropLast=false"]))
        }

        @Test func aRunOfTheOldDefaultGoesOnWhereItMeansTheSame() throws {
            // Saved by a version whose default was true, as its resolved configuration says.
            try train(path, ["training.dropLast=true", "training.epochs=2", "schedule.kind=constant"])
            try train(path, ["training.epochs=3", "schedule.kind=constant"], mode: .resume)
            let other = folder.path + "/other"
            let few = ["training.batchSize=300", "schedule.kind=constant"]
            try train(other, few + ["training.dropLast=true", "training.epochs=1"])
            let error = #expect(throws: RecipeError.self) {
                try train(other, few + ["training.epochs=2"], mode: .resume)
            }
            #expect(error?.description.contains("another number of batches an epoch than 5") == true, "\(error as Any)")
        }

        @Test func aRunThatCannotFitIsRefusedBeforeAnythingIsAllocated() throws {
            let text = refusal(["model.baseWidth=4096", "model.depths=[256, 256, 256, 256]"])
            #expect(text.contains("the run needs about") && text.hasSuffix("choose a smaller model"), "\(text)")
            let recipe = try recipe([], resnet)
            let data = try prepared(recipe)
            let model = try data.specification.makeModel(height: 8, width: 8)
            let estimate = MemoryEstimate(recipe, model: model, trace: try model.trace(height: 8, width: 8), data: data)
            #expect(try estimate.check(recipe, limit: 1 << 40) == nil)
            #expect(try estimate.check(recipe, limit: estimate.bytes)?.contains("should it be ended") == true)
            #expect(throws: RecipeError.self) { try estimate.check(recipe, limit: estimate.bytes / 2) }
        }

        @Test func aDiskWithoutRoomIsRefused() throws {
            let error = #expect(throws: RecipeError.self) {
                try DiskSpace.check("run", needed: 5_000_000, free: 1_000_000)
            }
            #expect(
                error?.description
                    == "run: the disk has room for 1 MB, but the run needs 5 MB for its weights and two saved states; make "
                    + "room, or choose another folder with --output")
            #expect(throws: Never.self) { try DiskSpace.check("run", needed: 1, free: 1) }
            #expect(DiskSpace.free(at: folder.path) ?? 0 > 0)
        }

        @Test func anotherFamilyFromNearerLeavesOutWhatWasSaidForTheOne() throws {
            let messages = Messages()
            let run = try TrainingTests.run(of: recipe(["model.name=resnet20"]), messages)
            #expect(
                run.notices.first?.hasPrefix(
                    "model.name is resnet20, so what was said for hornet is left out: baseWidth, depths, orders, mixers, "
                        + "stemStride, layerScale, dropPath (small.yaml:") == true, "\(run.notices)")
            #expect(run.model.parameters.parameterCount == 269_722 - 2 * 9 * 16, "resnet20 with one channel")
            // The drop rate holds for any family that has one; the same name twice is no change.
            #expect(
                try recipeYAML(["model.name=convnext_nano32", "data.imageSize=[32, 32]"]).contains("dropPath: 0.2"))
            #expect(try recipeYAML(["model.name=hornet_nano_7x7"]).contains("baseWidth: 8"))
            // A key that is given at the same level as the name stays an error.
            #expect(throws: (any Error).self) { try self.recipeYAML(["model.name=resnet20", "model.orders=[1, 2]"]) }
        }

        private func recipeYAML(_ overrides: [String]) throws -> String { try recipe(overrides).resolvedYAML }
    }
}
