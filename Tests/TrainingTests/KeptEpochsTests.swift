import Checkpoints
import Foundation
import Testing
import Training

extension Runs {
    /// `training.keepEveryEpochs`.
    @Suite struct KeptEpochs {
        private let folder: TemporaryFolder
        private let options = [
            "training.keepEveryEpochs=2", "training.epochs=5", "schedule.kind=constant", "reporting.htmlReport=false",
        ]
        private var whole: String { folder.path + "/whole" }
        private var cut: String { folder.path + "/cut" }

        init() throws { folder = try TemporaryFolder() }

        private func kept(_ run: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: run + "/weights").filter { $0.hasPrefix("epoch-") }
                .sorted()
        }

        private func bytes(_ run: String, _ name: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: "\(run)/weights/\(name).safetensors"))
        }

        @Test func everySecondEpochIsKeptAsARunEndsThatEndsThere() throws {
            try train(whole, options)
            #expect(try kept(whole) == ["epoch-0002.safetensors", "epoch-0004.safetensors"])
            try train(cut, options + ["training.epochs=4", "training.keepEveryEpochs=0"])
            #expect(try kept(cut) == [])
            #expect(try bytes(whole, "epoch-0004") == bytes(cut, "last"))
            #expect(try bytes(whole, "epoch-0002") != bytes(whole, "epoch-0004"))
        }

        /// 20 updates an epoch; the crash is before the first update that follows the kept one.
        @Test func aCrashedRunKeepsTheSame() throws {
            try train(whole, options)
            #expect(throws: Crash.self) { try train(cut, options, crashBefore: 80) }
            #expect(try kept(cut).count == 2)
            try train(cut, options, mode: .resume)
            try expectSameRun(whole, cut)
            for name in ["epoch-0002", "epoch-0004"] { #expect(try bytes(whole, name) == bytes(cut, name)) }
        }

        /// What cannot be kept ends the run before the epoch counts as done.
        @Test func anEpochThatCouldNotBeKeptIsTrainedAgain() throws {
            try train(whole, options)
            let obstacle = cut + "/weights/epoch-0002.safetensors"
            #expect(throws: Crash.self) { try train(cut, options, crashBefore: 30) }
            try FileManager.default.createDirectory(atPath: obstacle + "/x", withIntermediateDirectories: true)
            #expect(throws: CheckpointError.self) { try train(cut, options, mode: .resume) }
            try FileManager.default.removeItem(atPath: obstacle)
            try train(cut, options, mode: .resume)
            try expectSameRun(whole, cut)
            #expect(try bytes(whole, "epoch-0002") == bytes(cut, "epoch-0002"))
        }

        @Test func anotherNumberMayFollowAndAFreshRunRemovesThem() throws {
            #expect(throws: Crash.self) { try train(cut, options, crashBefore: 50) }
            try train(cut, options + ["training.keepEveryEpochs=1"], mode: .resume)
            #expect(try kept(cut).count == 4, "epochs 2, 3, 4 and 5")
            try train(cut, ["training.epochs=1", "reporting.htmlReport=false"], mode: .overwrite)
            #expect(try kept(cut) == [])
        }
    }
}
