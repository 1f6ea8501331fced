import Checkpoints
import Foundation
import Layers
import Optim
import Tasks
import Tensors
import Testing
import Training

extension Runs {
    /// Every optimizer and every schedule in runs: interrupted, on other threads, with layers that differ.
    @Suite struct Optimizers {
        private let folder: TemporaryFolder
        private var whole: String { folder.path + "/whole" }
        private var cut: String { folder.path + "/cut" }

        init() throws { folder = try TemporaryFolder() }

        private func bytes(_ folder: String, _ name: String) -> Data? {
            FileManager.default.contents(atPath: "\(folder)/weights/\(name).safetensors")
        }

        /// Trains at once, and with a crash and a change of threads on the way, and expects the same.
        private func expectResumable(_ overrides: [String], crashBefore update: Int = 27) throws {
            try train(whole, overrides)
            let saving = overrides + ["training.saveEveryUpdates=7"]
            #expect(throws: Crash.self) { try train(cut, saving, crashBefore: update) }
            try train(cut, saving + ["training.threads=2"], mode: .resume)
            for name in ["last", "best"] {
                #expect(bytes(whole, name) != nil && bytes(whole, name) == bytes(cut, name), "\(name) of \(overrides)")
            }
            #expect(try metrics(whole) == metrics(cut), "\(overrides)")
        }

        @Test(arguments: ["lion", "muon", "lamb", "scheduleFree"])
        func everyKindGoesOnToTheSameBytes(kind: String) throws {
            try expectResumable(["optimizer.kind=\(kind)", "optimizer.ema=null", "optimizer.layerDecay=0.8"])
        }

        @Test(arguments: ["{}", "{adaptive: true}"])
        func climbsGoOnToTheSameBytes(sharpness: String) throws {
            try expectResumable(["optimizer.sharpness=\(sharpness)", "training.accumulation=2"])
        }

        @Test func aMeanOfTheLastEpochsGoesOnToTheSameBytes() throws {
            let overrides = ["optimizer.ema=null", "optimizer.averageAfter=0.3", "training.epochs=3"]
            try expectResumable(overrides, crashBefore: 48)
            #expect(bytes(whole, "ema") != nil && bytes(whole, "ema") == bytes(cut, "ema"))
            // The mean of the ends of all epochs; a run that crashes in the next one has written those of the one before.
            for epochs in 1...2 {
                #expect(throws: Crash.self) {
                    try train("\(folder.path)/\(epochs)", overrides, crashBefore: 20 * epochs + 1)
                }
            }
            let ends = try ["\(folder.path)/1", "\(folder.path)/2", whole].map {
                try Weights.read($0 + "/weights/last.safetensors").store.flat
            }
            let mean = try Weights.read(whole + "/weights/ema.safetensors").store.flat
            let worst = (0..<mean.count).map { index in
                abs(ends.reduce(0) { $0 + $1.pointer[index] } / 3 - mean.pointer[index])
            }.max()
            #expect(worst ?? 1 < 1e-6)
        }

        @Test func plateauGoesOnToTheSameBytesAndLowersTheRate() throws {
            let overrides = [
                "schedule.kind=plateau",
                "schedule.plateau={factor: 0.5, patience: 0, threshold: 1, relative: false, cooldown: 1}",
                "training.epochs=6",
            ]
            // After the second fall, in the middle of the sixth epoch.
            try expectResumable(overrides, crashBefore: 108)
            let rates = try metrics(whole).compactMap { $0["learningRate"] }
            #expect(rates.map { ($0 / 4e-3 * 1000).rounded() / 1000 } == [1, 1, 0.5, 0.5, 0.25, 0.25])
        }

        @Test func plateauNeedsAValidationPart() throws {
            let error = #expect(throws: (any Error).self) {
                _ = try recipe(["schedule.kind=plateau", "data.validation=0"])
            }
            #expect(error.map { String(describing: $0) }?.contains("needs a validation part") == true)
        }

        @Test(arguments: ["oneCycle", "warmRestarts", "linear"])
        func schedulesShowInTheLog(kind: String) throws {
            try train(whole, ["schedule.kind=\(kind)", "schedule.restarts.epochs=1", "training.epochs=3"])
            let rates = try metrics(whole).compactMap { $0["learningRate"] }
            #expect(rates.count == 3 && rates.allSatisfy { $0 > 0 && $0 < 4e-3 })
            // The last update of each epoch: restarts end each of them low, the others fall.
            #expect(kind == "warmRestarts" ? rates[0] == rates[2] : rates[0] > rates[2], "\(rates)")
        }

        @Test func whatScheduleFreeSavesIsWhatWasMeasured() throws {
            let overrides = [
                "optimizer.kind=scheduleFree", "optimizer.ema=null", "optimizer.learningRate=0.01", "training.epochs=3",
            ]
            let recipe = try recipe(overrides)
            #expect(recipe.schedule.kind == .constant)
            let run = try run(of: recipe)
            _ = try run.run(in: RunDirectory(whole, mode: .new), resuming: false)
            let data = try prepared(recipe)
            let last = try Weights.read(whole + "/weights/last.safetensors")
            let found = try measured(last, data.splits.validation).scores
            let logged = try #require(try metrics(whole).last)
            #expect(abs(found.primary - (logged["validationAccuracy"] ?? 0)) < 1e-6)
            #expect(logged["validationAccuracy"] ?? 0 > 0.5)
        }

        @Test(arguments: ["lion", "muon", "lamb", "scheduleFree"])
        func frozenParametersStayWithClimbsToo(kind: String) throws {
            try train(
                whole,
                [
                    "optimizer.kind=\(kind)", "optimizer.ema=null", "optimizer.sharpness={}", "training.epochs=1",
                    "optimizer.freeze=[downsample_layers.*, stages.0.*]",
                ])
            let weights = try Weights.read(whole + "/weights/last.safetensors")
            let fresh = ParameterStore<Float>(weights.model.parameters, seed: 0)
            for (index, entry) in fresh.list.entries.enumerated() {
                let isFrozen = entry.name.hasPrefix("downsample_layers.") || entry.name.hasPrefix("stages.0.")
                let same = weights.store.tensor(index).array == fresh.tensor(index).array
                #expect(same == isFrozen, "\(entry.name)")
            }
        }

        @Test func aRateIsFoundForEveryKind() throws {
            for kind in OptimizerConfiguration.Kind.allCases {
                let finder = LearningRateFinder(range: 1e-6...1e-2, updates: 12)
                let recipe = try recipe(["optimizer.kind=\(kind.rawValue)", "optimizer.ema=null"])
                let result = try finder.run(recipe, console: Messages().console)
                #expect(result.points.count == 12, "\(kind)")
            }
        }

        @Test func headsAndStemsAreNotOrthogonalized() throws {
            let run = try run(of: recipe(["optimizer.kind=muon"]))
            let list = run.model.parameters
            let specification = run.data.specification
            let hidden = list.entries.filter { $0.matrices != nil && specification.isHidden($0.name) }.map(\.name)
            #expect(
                hidden.contains { $0.hasPrefix("stages.1.") } && hidden.contains { $0.hasPrefix("downsample_layers.1") }
            )
            #expect(!hidden.contains { $0.hasPrefix("head") || $0.hasPrefix("downsample_layers.0") }, "\(hidden)")
        }
    }
}
