import Checkpoints
import Foundation
import JSON
import Tensors
import Testing
import Training

extension Runs {
    /// Saved states and run folders that were forged, damaged or written by another version.
    @Suite struct HostileStates {
        private let folder: TemporaryFolder
        private var run: String { folder.path + "/run" }

        init() throws {
            folder = try TemporaryFolder()
            try train(run, ["training.epochs=1", "training.batchSize=512", "reporting.htmlReport=false"])
        }

        /// Saves the newest state once more with other contents, under checksums that fit.
        private func forge(_ change: (inout JSONValue, inout [String: StateFile]) throws -> Void) throws {
            var states = StateStore(directory: run + "/state")
            let saved = try #require(try states.load())
            var info = saved.info
            var files = saved.files.mapValues { StateFile.bytes($0) }
            try change(&info, &files)
            try states.save(files: files, info: info)
        }

        private func resume(_ messages: Messages = Messages()) -> String {
            do {
                try train(
                    run, ["training.epochs=1", "training.batchSize=512", "reporting.htmlReport=false"], mode: .resume,
                    messages)
                return "none"
            } catch { return "\(error)" }
        }

        @Test(arguments: ["imagesTrained", "update", "epoch", "bestEpoch", "seen", "batch"])
        func countsThatAreNoneAreRefused(name: String) throws {
            let files = FileManager.default
            try files.copyItem(atPath: run, toPath: run + "-whole")
            for value in [-1, Int.max, .min, (1 << 53) + 1] {
                try forge { info, _ in
                    var progress = info["progress"] ?? .null
                    progress[name] = .integer(value)
                    info["progress"] = progress
                }
                #expect(resume().contains("the saved progress is incomplete or impossible"), "\(name) \(value)")
                try files.removeItem(atPath: run)
                try files.copyItem(atPath: run + "-whole", toPath: run)
            }
        }

        @Test func optimizerStepsThatAreNoneAreRefused() throws {
            try forge { info, _ in info["optimizerSteps"] = .integer(.max) }
            #expect(resume().contains("incomplete or impossible"))
        }

        @Test func parametersThatAreNotFiniteAreNamed() throws {
            try forge { _, files in
                guard case .bytes(let bytes)? = files["state.safetensors"] else { return }
                let file = try SafetensorsFile(bytes: bytes, path: "state")
                let tensors = try file.tensors.map { tensor -> StoredTensor in
                    guard tensor.name == "parameters" else { return tensor }
                    var values = try tensor.floats()
                    values[0] = .nan
                    return StoredTensor(name: tensor.name, shape: tensor.shape, floats: values)
                }
                files["state.safetensors"] = .tensors(SafetensorsFile(tensors: tensors))
            }
            #expect(resume().contains("not finite in downsample_layers.0.0.weight"), "\(resume())")
        }

        /// The state knows the lines of the log: one that was cut in its middle is whole again.
        @Test func aLogThatWasCutIsRestoredFromTheState() throws {
            let path = run + "/metrics.jsonl"
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            #expect(whole.count > 100)
            for damaged in [String(whole.prefix(40)), "", "{\"epoch\":1}\n", whole.replacing("epoch", with: "EPOCH")] {
                try damaged.write(toFile: path, atomically: true, encoding: .utf8)
                let messages = Messages()
                #expect(resume(messages) == "none")
                #expect(messages.all.contains("the log was not as it was saved, so it is restored"))
                #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
            }
            let messages = Messages()
            #expect(resume(messages) == "none")
            #expect(!messages.all.contains("restored"))
        }

        @Test func aPipeInTheRunFolderIsRefusedAndNotWaitedFor() throws {
            for name in ["summary.json", "metrics.jsonl", "config.yaml", "weights/last.safetensors"] {
                try FileManager.default.removeItem(atPath: run + "/" + name)
                #expect(mkfifo(run + "/" + name, 0o600) == 0)
                let found = resume()
                #expect(
                    found.contains("pipe") || found.contains("no regular file"), "\(name): \(found)")
                try FileManager.default.removeItem(atPath: run)
                try train(run, ["training.epochs=1", "training.batchSize=512", "reporting.htmlReport=false"])
            }
        }
    }
}

/// The command that goes on with a run can be copied, whatever the names in it.
@Test func theResumeCommandShowsWhatWouldSteerATerminal() {
    let command = Interrupted.resumeCommand(["trainer", "train", "a b.yaml", "x\n\u{1B}[2J'\u{202E}y", "c'd"])
    #expect(command == #"trainer train 'a b.yaml' $'x\n\033[2J\'\342\200\256y' 'c'\''d' --resume"#)
}
