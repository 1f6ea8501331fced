import Checkpoints
import Foundation
import Testing

/// A folder with a run that was left by its process.
private func makeRun(_ path: String) throws {
    let run = try RunDirectory(path, mode: .new)
    try put("model: {}", run.config)
    try put("{}\n", run.metrics)
    try put("{}", run.summary)
    try put("", run.lastWeights)
    try put("", run.path + "/weights/.best.safetensors.partial")
    var store = StateStore(directory: run.state)
    try store.save(files: ["a": .bytes([1])], info: nil)
}

@Test func aNewRunGetsItsFolders() throws {
    try withFolder { folder in
        let run = try RunDirectory(folder + "/Runs/digits", mode: .new)
        #expect(run.isFresh)
        #expect(names(folder) == ["Runs", "Runs/digits", "Runs/digits/.hornbeam", "Runs/digits/weights"])
        #expect(run.bestWeights == folder + "/Runs/digits/weights/best.safetensors")
    }
}

@Test func anExistingRunIsRefusedWithAWordOnTheWayOut() throws {
    try withFolder { folder in
        try makeRun(folder + "/run")
        let before = names(folder)
        let expected = "\(folder)/run: already holds a run, continue it with --resume or replace it with --overwrite"
        #expect(message { _ = try RunDirectory(folder + "/run", mode: .new) } == expected)
        #expect(message { try RunDirectory.check(folder + "/run", mode: .new) } == expected)
        #expect(names(folder) == before)
        #expect(try RunDirectory(folder + "/run", mode: .resume).isFresh == false)
        #expect(names(folder) == before)
    }
}

@Test func resumeWithoutARunStartsOne() throws {
    try withFolder { folder in
        let resumed = try RunDirectory(folder + "/run", mode: .resume).isFresh
        #expect(resumed)
        // A run that was stopped before it wrote anything is no run.
        let new = try RunDirectory(folder + "/run", mode: .new).isFresh
        #expect(new)
    }
}

@Test func overwriteRemovesTheFilesOfTheRunAndNothingElse() throws {
    try withFolder { folder in
        try makeRun(folder + "/run")
        try put("mine", folder + "/run/notes.txt")
        try put("mine", folder + "/run/weights/mine.safetensors")
        try put("mine", folder + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/run/weights/ema.safetensors", withDestinationPath: folder + "/elsewhere")
        #expect(try RunDirectory(folder + "/run", mode: .overwrite).isFresh)
        #expect(names(folder + "/run") == [".hornbeam", "notes.txt", "weights", "weights/mine.safetensors"])
        #expect(contents(folder + "/elsewhere") == Array("mine".utf8))
    }
}

@Test func aFolderThatIsNoRunIsNeverTouched() throws {
    try withFolder { folder in
        try put("mine", folder + "/config.yaml")
        for mode in [RunDirectory.Mode.new, .resume, .overwrite] {
            #expect(message { _ = try RunDirectory(folder, mode: mode) }.contains("not a run's, such as config.yaml"))
        }
        #expect(names(folder) == ["config.yaml"])
        #expect(message { _ = try RunDirectory(folder + "/config.yaml", mode: .new) }.contains("found a file"))
    }
}

@Test func aCopyWithoutHiddenFilesCanBeResumed() throws {
    try withFolder { folder in
        try makeRun(folder + "/run")
        try FileManager.default.removeItem(atPath: folder + "/run/.hornbeam")
        #expect(throws: CheckpointError.self) { try RunDirectory(folder + "/run", mode: .overwrite) }
        #expect(try RunDirectory(folder + "/run", mode: .resume).isFresh == false)
    }
}

@Test func oneProcessAtATimeMayHoldARun() throws {
    try withFolder { folder in
        try makeRun(folder)
        let held = try RunDirectory(folder, mode: .resume)
        for mode in [RunDirectory.Mode.resume, .overwrite] {
            #expect(message { _ = try RunDirectory(folder, mode: mode) }.contains("another process is training"))
        }
        #expect(contents(held.config) == Array("model: {}".utf8))
        withExtendedLifetime(held) {}
    }
}
