import Checkpoints
import Datasets
import Distributed
import Tasks
import TestSupport
import Testing
import Training

extension Runs {
    /// Runs of every task that several processes share, here threads of one; their evaluations share the images.
    @Suite struct RankTasks {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// Trains in two folders, alone and with two ranks, and compares all that is written.
        private func expectSame(_ overrides: [String], _ text: String) throws {
            let path = folder.path
            for ranks in [1, 2] {
                let results = LocalNetwork.run(ranks) { group in
                    try ProcessGroup.$current.withValue(group) {
                        let recipe = try recipe(overrides + ["training.slices=2", "training.epochs=1"], text)
                        try Self.train(recipe, recipe.task, group.isRoot ? "\(path)/\(ranks)" : nil)
                    }
                }
                for result in results { try result.get() }
            }
            try expectSameRun(path + "/1", path + "/2")
        }

        private static func train<C: TaskConfiguration>(_ recipe: Recipe, _ task: C, _ path: String?) throws {
            let data = try PreparedData(recipe, task)
            let run = try TrainingRun(
                recipe, data: data, task: task.makeTask(data.vocabulary, training: data.splits.train),
                console: Messages().console)
            _ = try run.run(in: path.map { try RunDirectory($0, mode: .new) }, resuming: false)
        }

        @Test func segmentersEndInTheSameBytes() throws {
            let segmenter = try SmallSegmenter()
            try expectSame(["data.path=" + segmenter.data], SmallSegmenter.text)
        }

        @Test func detectorsEndInTheSameBytes() throws {
            let detector = try SmallDetector()
            try expectSame(["data.path=" + detector.data], SmallDetector.text)
        }

        @Test func enlargersEndInTheSameBytes() throws {
            let enlarger = try SmallEnlarger()
            try expectSame(["data.path=" + enlarger.data], SmallEnlarger.text)
        }
    }
}
