import Checkpoints
import Foundation
import JSON
import Testing
import Training

/// Crashes in the second epoch of a run of batch norms, saving every update.
private let normalized = smallRecipe.replacing(
    /model:[\s\S]*?loss:/, with: "model: {name: resnet, baseWidth: 4, depths: [1, 1], stem: small}\nloss:")

@discardableResult
private func trainNormalized(
    _ folder: String, _ overrides: [String] = [], mode: RunDirectory.Mode = .new, crashBefore update: Int? = nil
) throws -> Summary {
    let run = try run(of: recipe(["training.saveEveryUpdates=3"] + overrides, normalized))
    run.beforeUpdate = { if $0 == update { throw Crash() } }
    return try run.run(in: RunDirectory(folder, mode: mode), resuming: mode == .resume)
}

extension Runs {
    /// What of a saved state the other suites' models do not have, and that each part of it is really looked at.
    @Suite struct SavedStates {
        private let folder: TemporaryFolder
        private var whole: String { folder.path + "/whole" }
        private var cut: String { folder.path + "/cut" }

        init() throws { folder = try TemporaryFolder() }

        @Test func runningStatisticsOfTheWeightsTheirAverageAndTheBestGoOn() throws {
            try trainNormalized(whole)
            #expect(throws: Crash.self) { try trainNormalized(cut, crashBefore: 5) }
            #expect(throws: Crash.self) { try trainNormalized(cut, mode: .resume, crashBefore: 26) }
            try trainNormalized(cut, mode: .resume)
            try expectSameRun(whole, cut)
        }

        /// A rate so large that a later epoch is worse than the first: its weights come out of the saved state.
        @Test func statisticsOfTheBestWeightsAreThoseOfTheirEpoch() throws {
            let overrides = ["training.epochs=3", "schedule.kind=constant", "optimizer.learningRate=0.3"]
            let result = try trainNormalized(whole, overrides)
            try #require(result.bestEpoch < 3, "the last epoch is the best one, so this test says nothing")
            #expect(throws: Crash.self) { try trainNormalized(cut, overrides, crashBefore: 55) }
            try trainNormalized(cut, overrides, mode: .resume)
            try expectSameRun(whole, cut)
        }

        /// A crash after the last epoch: nothing is left to train, and the summary is made of the saved state.
        @Test func aRunWhoseSummaryWasNotWrittenGetsTheSame() throws {
            try trainNormalized(whole)
            try trainNormalized(cut)
            try FileManager.default.removeItem(atPath: cut + "/summary.json")
            let result = try trainNormalized(cut, mode: .resume)
            #expect(result.validation != nil)
            try expectSameRun(whole, cut)
        }

        /// Takes one part out of the newest state, under checksums that fit.
        private func remove(_ isGone: (String) -> Bool) throws {
            var states = StateStore(directory: cut + "/state")
            let saved = try #require(try states.load())
            let file = try saved.tensors("state.safetensors")
            let left = file.tensors.filter { !isGone($0.name) }
            try #require(left.count < file.tensors.count, "nothing was taken out of \(file.tensors.map(\.name))")
            var files = saved.files.mapValues { StateFile.bytes($0) }
            files["state.safetensors"] = .tensors(SafetensorsFile(tensors: left))
            try states.save(files: files, info: saved.info)
        }

        @Test(arguments: [
            "parameters", "parameters.buffer.1", "average", "average.buffer.1", "best.buffer.1", "optimizer.",
        ])
        func aStateWithoutOneOfItsArraysIsRefused(name: String) throws {
            #expect(throws: Crash.self) { try trainNormalized(cut, crashBefore: 25) }
            try remove { name.hasSuffix(".") ? $0.hasPrefix(name) : $0 == name }
            let error = #expect(throws: CheckpointError.self) { try trainNormalized(cut, mode: .resume) }
            #expect(
                error?.description.contains("the saved state has no \(name)") == true, "\(error?.description ?? "")")
        }
    }
}
