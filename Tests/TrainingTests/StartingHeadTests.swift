import Checkpoints
import Foundation
import Testing
import Training

extension Runs {
    /// Heads of as many classes as the data has, but not of the same ones.
    @Suite struct StartingHead {
        private let folder: TemporaryFolder
        private var path: String { folder.path + "/run" }
        private var source: String { folder.path + "/source/weights/last.safetensors" }
        private static let digits = (0..<10).map { "\($0)" }

        init() throws { folder = try TemporaryFolder() }

        private func head(_ run: String) throws -> [Float] {
            let file = try SafetensorsFile.read(path: run + "/weights/last.safetensors")
            return try #require(file["head.weight"]).floats()
        }

        /// Trains under those names, then starts from it under others, with updates too small to change any number.
        private func start(_ before: [String], _ after: [String]) throws -> (old: [Float], new: [Float], text: String) {
            try train(folder.path + "/source", ["training.epochs=1", "data.classNames=[\(quoted(before))]"])
            let messages = Messages()
            let still = [
                "optimizer.kind=sgd", "optimizer.learningRate=1e-30", "schedule.minimumLearningRate=0",
                "optimizer.ema=null", "training.epochs=1",
            ]
            try train(
                path, still + ["model.weights=\(folder.path)/source", "data.classNames=[\(quoted(after))]"], messages)
            return (try head(folder.path + "/source"), try head(path), messages.all)
        }

        private func quoted(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

        @Test func theSameClassesInAnotherOrderKeepTheirRows() throws {
            let (old, new, text) = try start(Self.digits, Self.digits.reversed())
            let width = old.count / 10
            for row in 0..<10 {
                #expect(
                    Array(new[row * width..<(row + 1) * width]) == Array(old[(9 - row) * width..<(10 - row) * width]),
                    "class \(9 - row) must have the row it had")
            }
            #expect(text.contains("knows the same classes in another order"), "\(text)")
        }

        @Test func classesThatTheHeadDoesNotKnowAreDrawnAnew() throws {
            let (old, new, text) = try start(Self.digits, Self.digits.prefix(9) + ["cat"])
            let width = old.count / 10
            #expect(new.prefix(9 * width) == old.prefix(9 * width))
            #expect(new.suffix(width) != old.suffix(width))
            #expect(
                text.contains(
                    "was trained for other classes (9), so the rows of 1 classes (cat) are drawn anew; those of 9 classes"
                ),
                "\(text)")
        }

        @Test func theSameClassesNeedNoWord() throws {
            let (old, new, text) = try start(Self.digits, Self.digits)
            #expect(old == new)
            #expect(!text.contains("head"), "\(text)")
        }
    }
}
