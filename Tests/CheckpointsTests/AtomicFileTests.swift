import Checkpoints
import Foundation
import Testing

private struct Stop: Error {}

@Test func contentsAreReplacedAndNothingIsLeftBehind() throws {
    try withFolder { folder in
        let path = folder + "/a.json"
        try AtomicFile.write(path, "one")
        try AtomicFile.write(path, pieces: [[0x74], [], [0x77, 0x6F]])
        #expect(contents(path) == Array("two".utf8))
        #expect(names(folder) == ["a.json"])
    }
}

@Test func aFailureAtAnyStepBeforeTheRenameKeepsTheOldFile() throws {
    try withFolder { folder in
        let path = folder + "/a.json"
        try AtomicFile.write(path, "old")
        for step in ["create", "write", "synchronize", "rename"] {
            #expect(throws: Stop.self) {
                try AtomicFile.write(path, pieces: [Array("new".utf8)]) { if $0 == step { throw Stop() } }
            }
            #expect(contents(path) == Array("old".utf8))
            #expect(names(folder) == ["a.json"], "after \(step)")
        }
    }
}

@Test func whatAKilledProcessLeftIsOverwritten() throws {
    try withFolder { folder in
        let path = folder + "/a.json"
        try put("a much longer text than the new one", folder + "/.a.json.partial")
        try AtomicFile.write(path, "new")
        #expect(contents(path) == Array("new".utf8))
        #expect(names(folder) == ["a.json"])
    }
}

@Test func aFileThatCannotBeWrittenIsNamed() throws {
    try withFolder { folder in
        #expect(
            message { try AtomicFile.write(folder + "/none/a", "x") }
                == "\(folder)/none/a: cannot write the file, no such file or folder")
        #expect(message { try AtomicFile.write(folder, "x") } == "\(folder): expected a file, found a folder")
    }
    if FileManager.default.fileExists(atPath: "/dev/full") {
        #expect(
            message { try AtomicFile.write("/dev/full", "x") }
                == "/dev/full: cannot write the file, no space left on device")
    }
}

@Test func aDeviceIsWrittenToAndNotReplaced() throws {
    try AtomicFile.write("/dev/null", "x")
    var info = stat()
    #expect(stat("/dev/null", &info) == 0 && info.st_mode & S_IFMT == S_IFCHR)
}
