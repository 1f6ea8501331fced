import Checkpoints
import Datasets
import Foundation
import Models
import Tasks
import Tensors
import Testing
import Training

extension Runs {
    @Suite struct FineTuning {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }
        private var source: String { folder.path + "/source/weights/last.safetensors" }

        init() throws { folder = try TemporaryFolder() }

        private func tensors(_ run: String) throws -> [String: [Float]] {
            let file = try SafetensorsFile.read(path: run + "/weights/last.safetensors")
            return Dictionary(uniqueKeysWithValues: try file.tensors.map { ($0.name, try $0.floats()) })
        }

        /// Updates too small to change any number.
        private let still = [
            "optimizer.kind=sgd", "optimizer.learningRate=1e-30", "schedule.minimumLearningRate=0",
            "optimizer.ema=null", "training.epochs=1",
        ]

        @Test func aRunStartsFromGivenWeights() throws {
            try train(folder.path + "/source", ["training.epochs=1"])
            let messages = Messages()
            try train(path, still + ["model.weights=\(source)"], messages)
            #expect(try tensors(path) == tensors(folder.path + "/source"))
            #expect(!messages.all.contains("drawn anew"))
        }

        @Test func anotherHeadIsDrawnAnewAndFiltersAreResized() throws {
            try train(folder.path + "/source", ["training.epochs=1"])
            let data = folder.path + "/data"
            try writeIDX(data, images: 64)
            let messages = Messages()
            let overrides =
                still + [
                    "data.path=\(data)", "data.imageSize=[12, 12]", "data.validation=0", "model.weights=\(source)",
                ]
            try train(path, overrides, messages)
            #expect(
                messages.all.contains(
                    "has a head for 10 classes, so head.weight and head.bias are drawn anew for 4."), "\(messages.all)")
            #expect(messages.all.contains("filters of \(source) are resized to this model's maps, the first is"))
            let (before, after) = (try tensors(folder.path + "/source"), try tensors(path))
            #expect(after["head.weight"]?.count == 4 * 16)
            let filter = "stages.1.0.gnconv.dwconv.complex_weight"
            for (name, values) in after where !name.hasPrefix("head.") && name != filter {
                #expect(values == before[name], "\(name)")
            }
            // 4x4 maps have a spectrum of 4x3, 6x6 maps one of 6x4; corners are aligned, so they stay.
            let (old, new) = (try #require(before[filter]), try #require(after[filter]))
            #expect(old.count % (4 * 3 * 2) == 0 && new.count / (6 * 4 * 2) == old.count / (4 * 3 * 2))
            #expect(new[0] == old[0] && new[1] == old[1])
            let (oldLast, newLast) = (4 * 3 * 2 - 1, 6 * 4 * 2 - 1)
            #expect(new[newLast] == old[oldLast])
            // Row 1 of 6 lies at 0.6 of the rows of 4, column 0 at 0.
            #expect(abs(new[4 * 2] - (0.4 * old[0] + 0.6 * old[3 * 2])) < 1e-6)
        }

        @Test func weightsOfAnotherModelAreRefused() throws {
            try train(folder.path + "/source", ["training.epochs=1"])
            let error = #expect(throws: RecipeError.self) {
                try train(path, ["model.weights=\(source)", "model.baseWidth=16"])
            }
            #expect(error?.description.hasPrefix("model.weights: \(source) does not fit hornet: ") == true)
            #expect(error?.description.contains("of another shape (downsample_layers.0.0.weight") == true)
            #expect(!FileManager.default.fileExists(atPath: path), "nothing is written")
            #expect(throws: CheckpointError.self) { try train(path, ["model.weights=/gone.safetensors"]) }
        }

        @Test func frozenParametersStayAsTheyAreToTheBit() throws {
            let freeze = "optimizer.freeze=[downsample_layers.*, 'stages.0.*', '*.gamma?']"
            try train(folder.path + "/source", ["training.epochs=1"])
            try train(path, [freeze, "training.epochs=1", "optimizer.weightDecay=0.3", "model.weights=\(source)"])
            let (before, after) = (try tensors(folder.path + "/source"), try tensors(path))
            var counts = (frozen: 0, trained: 0)
            for (name, values) in after {
                let isFrozen =
                    name.hasPrefix("downsample_layers.") || name.hasPrefix("stages.0.") || name.contains(".gamma")
                #expect((values == before[name]) == isFrozen, "\(name)")
                if isFrozen { counts.frozen += 1 } else { counts.trained += 1 }
            }
            #expect(counts.frozen > 10 && counts.trained > 10)
            let average = try SafetensorsFile.read(path: path + "/weights/ema.safetensors")
            #expect(try average["stages.0.0.norm1.weight"]?.floats() == before["stages.0.0.norm1.weight"])
        }

        @Test func aPatternThatMatchesNothingNamesTheNearest() throws {
            let error = #expect(throws: RecipeError.self) { try train(path, ["optimizer.freeze=[stage.0.*]"]) }
            #expect(
                error?.description.hasPrefix(
                    "optimizer.freeze: `stage.0.*` matches no parameter, did you mean `stages.0.*`")
                    == true, "\(error?.description ?? "")")
            let all = #expect(throws: RecipeError.self) { try train(path, ["optimizer.freeze=['*']"]) }
            #expect(all?.description.contains("freeze every parameter") == true)
        }

        @Test func eachLayerLearnsAsFastAsItsDecaySays() throws {
            let one = [
                "optimizer.kind=sgd", "optimizer.momentum=0", "optimizer.clipNorm=0", "optimizer.weightDecay=0",
                "optimizer.ema=null", "training.epochs=1", "training.batchSize=4096", "schedule.kind=constant",
                "optimizer.learningRate=0.5",
            ]
            try train(folder.path + "/start", still + ["training.batchSize=4096"])
            try train(folder.path + "/plain", one)
            try train(path, one + ["optimizer.layerDecay=0.5"])
            let start = try tensors(folder.path + "/start")
            let (plain, decayed) = (try tensors(folder.path + "/plain"), try tensors(path))
            // Stem, two blocks, head: a factor of a half for each step down.
            let expected: [(name: String, factor: Float)] = [
                ("head.weight", 1), ("norm.bias", 1), ("stages.1.0.pwconv2.bias", 0.5),
                ("downsample_layers.1.1.bias", 0.5), ("stages.0.0.pwconv2.bias", 0.25),
                ("downsample_layers.0.0.bias", 0.125),
            ]
            for (name, factor) in expected {
                let before = try #require(start[name])
                let (a, b) = (try #require(plain[name]), try #require(decayed[name]))
                let index = try #require(before.indices.max { abs(a[$0] - before[$0]) < abs(a[$1] - before[$1]) })
                let ratio = (b[index] - before[index]) / (a[index] - before[index])
                #expect(abs(ratio - factor) < 0.01, "\(name): \(ratio)")
            }
        }
    }

    @Suite struct Loss {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }

        init() throws { folder = try TemporaryFolder() }

        @Test func binaryCrossEntropyLearnsWithHardAndMixedTargets() throws {
            for mixup in ["0", "0.2"] {
                let result = try train(
                    folder.path + "/\(mixup)",
                    [
                        "loss.kind=binaryCrossEntropy", "loss.mixup=\(mixup)", "training.epochs=12",
                        "optimizer.ema=null",
                    ])
                #expect(result.test?.primary ?? 0 > 0.35)
                // The mean over all elements: ten classes, of which one is right, begin at log 2.
                let losses = try metrics(folder.path + "/\(mixup)").compactMap { $0["trainLoss"] }
                #expect(losses[0] < 0.7 && losses[11] < losses[0] - 0.1)
            }
        }

        /// 30 images of class 0 and 10 of class 1, all alike: what is learnt is the classes' share.
        private func shares(_ name: String, _ overrides: [String]) throws -> Double {
            let data = folder.path + "/data"
            try writeIDX(data, images: 40, classes: 2) { $0 % 4 == 3 ? 1 : 0 }
            try train(
                folder.path + "/" + name,
                [
                    "data.path=\(data)", "data.validation=0", "training.batchSize=40", "loss.labelSmoothing=0",
                    "loss.mixup=0", "data.rotation=0", "data.augmentation=none", "model.dropPath=0",
                    "optimizer.kind=sgd", "optimizer.learningRate=0.5", "optimizer.clipNorm=0", "training.epochs=60",
                    "optimizer.freeze=[downsample*, stages*, norm*, head.weight]", "optimizer.ema=null",
                    "optimizer.weightDecay=0", "data.mean=[0]", "data.deviation=[1]",
                ] + overrides)
            let file = try SafetensorsFile.read(path: folder.path + "/\(name)/weights/last.safetensors")
            let bias = try #require(try file["head.bias"]?.floats())
            return Double(bias[0] - bias[1])
        }

        @Test func classWeightsAndBalancedSamplingMakeUpForRareClasses() throws {
            // log(30 / 10), and nothing where both classes count alike.
            let plain = try shares("plain", [])
            let weighted = try shares("weighted", ["loss.classWeights=balanced"])
            let listed = try shares("listed", ["loss.classWeights=[1, 3]"])
            let sampled = try shares("sampled", ["data.sampling=balanced"])
            #expect(abs(plain - 1.0986) < 0.15, "\(plain)")
            #expect(abs(weighted) < 0.15, "\(weighted)")
            #expect(abs(listed) < 0.15, "\(listed)")
            #expect(abs(sampled) < 0.15, "\(sampled)")
        }

        @Test func classWeightsOfAnotherNumberAreRefused() throws {
            let error = #expect(throws: RecipeError.self) { try train(path, ["loss.classWeights=[1, 2, 3]"]) }
            #expect(error?.description == "loss.classWeights has 3 entries, but the data has 10 classes")
            #expect(throws: (any Error).self) { try recipe(["loss.classWeights=even"]) }
        }

        @Test func theAverageIsMeasuredBesideTheRawWeightsEveryEpoch() throws {
            let result = try train(path, ["training.epochs=3", "optimizer.learningRate=2e-2", "loss.mixup=0"])
            let lines = try metrics(path)
            #expect(lines.allSatisfy { $0["emaValidationAccuracy"] != nil && $0["emaValidationLoss"] != nil })
            #expect(lines.contains { $0["emaValidationLoss"] != $0["validationLoss"] })
            let data = try prepared(recipe())
            let weights = try Weights.read(path + "/weights/ema.safetensors")
            #expect(
                try measured(weights, data.splits.validation).scores.primary == lines.last?["emaValidationAccuracy"])
            #expect(result.averageTest != nil)
        }

        @Test func randAugmentStandsInForColourJitter() throws {
            let changed = try recipe(["data.randAugment=rand-m9-mstd0.5-inc1", "data.colorJitter=[0.4, 0.4, 0.4, 0]"])
            let data = try prepared(changed)
            let steps = data.plan.training.map { "\($0)".prefix { $0 != "(" } }
            #expect(steps.contains("randAugment") && !steps.contains("colorJitter"))
            #expect(data.notices.contains("data.randAugment changes colours, so data.colorJitter has no effect."))
            #expect(throws: (any Error).self) { try recipe(["data.randAugment=rand-m9-x1"]) }
        }
    }
}
