import Checkpoints
import Configuration
import Distillation
import Distributed
import Foundation
import Synchronization
import Tasks
import TestSupport
import Testing
import Training

extension Runs {
    /// Runs that several processes share, here threads of one.
    @Suite struct Ranks {
        private let folder: TemporaryFolder
        private let data: String
        private let base: [String]

        /// 54 images in batches of 16: the last batch has 6.
        init() throws {
            folder = try TemporaryFolder()
            data = folder.path + "/data"
            try writeIDX(data, images: 54)
            base = [
                "data.path=\(data)", "data.validation=0.2", "training.batchSize=16", "training.dropLast=false",
                "training.slices=4", "training.saveEveryUpdates=2", "training.evaluationBatchSize=4",
                "training.loaderThreads=0",
            ]
        }

        private static let resnet = smallRecipe.replacing(
            /model:[\s\S]*?loss:/,
            with: "model: {name: resnet, baseWidth: 4, depths: [1, 1], stem: small}\nloss:")

        private func path(_ name: String) -> String { folder.path + "/" + name }

        /// Trains in a folder with so many ranks; the first failure is thrown.
        private func train(
            _ name: String, ranks: Int, _ overrides: [String] = [], text: String = smallRecipe,
            mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil, stopBefore stop: Int? = nil
        ) throws {
            let path = path(name)
            let overrides = base + overrides
            let results = LocalNetwork.run(ranks) { group in
                try ProcessGroup.$current.withValue(group) {
                    let made = try run(of: recipe(overrides, text))
                    made.beforeUpdate = {
                        if $0 == update { throw Crash() }
                        if $0 == stop { try Data().write(to: URL(fileURLWithPath: path + "/stop")) }
                    }
                    let directory = group.isRoot ? try RunDirectory(path, mode: mode) : nil
                    return try made.run(in: directory, resuming: mode == .resume).cost.updates
                }
            }
            for result in results { _ = try result.get() }
        }

        @Test(arguments: [2, 4]) func anyNumberOfRanksEndsInTheSameBytes(ranks: Int) throws {
            try train("one", ranks: 1)
            try train("many", ranks: ranks)
            try expectSameRun(path("one"), path("many"))
        }

        @Test func imagesThatAreNotMixedAreLoadedByTheirOwnRank() throws {
            let plain = ["loss.mixup=0", "data.flip=0.5"]
            try train("one", ranks: 1, plain)
            try train("many", ranks: 4, plain)
            try expectSameRun(path("one"), path("many"))
        }

        @Test func statisticsOfBatchNormsAreFoldedInTheOrderOfTheSlices() throws {
            let plain = ["loss.mixup=0", "training.dropLast=true"]
            try train("one", ranks: 1, plain, text: Self.resnet)
            try train("two", ranks: 2, plain, text: Self.resnet)
            try train("four", ranks: 4, plain, text: Self.resnet)
            try expectSameRun(path("one"), path("two"))
            try expectSameRun(path("one"), path("four"))
        }

        @Test func aCrashedRunGoesOnWithAnotherNumberOfRanks() throws {
            try train("one", ranks: 1)
            #expect(throws: Crash.self) { try train("many", ranks: 4, crashBefore: 3) }
            #expect(throws: Crash.self) { try train("many", ranks: 2, mode: .resume, crashBefore: 5) }
            try train("many", ranks: 1, mode: .resume)
            try expectSameRun(path("one"), path("many"))
        }

        @Test func aFileInTheFolderStopsAllRanksAfterTheSameUpdate() throws {
            try train("one", ranks: 1)
            #expect(throws: Interrupted.self) {
                try train("many", ranks: 2, stopBefore: 2)
            }
            #expect(!FileManager.default.fileExists(atPath: path("many") + "/stop"))
            try train("many", ranks: 4, mode: .resume)
            try expectSameRun(path("one"), path("many"))
        }

        @Test func ranksThatDoNotDivideTheSlicesAreRefused() {
            #expect(throws: DistributedError.self) { try train("three", ranks: 3) }
        }

        @Test func ranksWithOtherRecipesAreRefused() throws {
            let path = path("other")
            let overrides = base
            let results = LocalNetwork.run(2) { group in
                try ProcessGroup.$current.withValue(group) {
                    let made = try run(of: recipe(overrides + ["run.seed=\(group.rank)"]))
                    let directory = group.isRoot ? try RunDirectory(path, mode: .new) : nil
                    _ = try made.run(in: directory, resuming: false)
                }
            }
            for result in results {
                let error = #expect(throws: DistributedError.self) { try result.get() }
                #expect(error?.description.hasPrefix("the recipes differ between ranks") == true, "\(error as Any)")
            }
        }
    }
}
