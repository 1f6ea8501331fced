import Checkpoints
import Foundation
import Testing

@Suite struct AtomicStreamTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "hornbeam-stream-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    @Test func theOldContentsStayUntilTheEnd() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/a.csv"
        try AtomicFile.write(path, "old")
        do {
            let stream = try AtomicFile.Stream(path)
            try stream.write("new")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        }
        // Given up, it leaves nothing behind.
        #expect(try names() == ["a.csv"] && String(contentsOfFile: path, encoding: .utf8) == "old")
        let stream = try AtomicFile.Stream(path)
        for _ in 0..<30_000 { try stream.write("line\n") }
        try stream.finish()
        #expect(try String(contentsOfFile: path, encoding: .utf8).utf8.count == 150_000 && names() == ["a.csv"])
    }

    @Test func whatCannotBeWrittenShowsBeforeTheWork() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for path in [folder, folder + "/missing/a.csv"] {
            #expect(throws: CheckpointError.self) { try AtomicFile.check(path) }
            #expect(throws: CheckpointError.self) { try AtomicFile.Stream(path) }
        }
        try AtomicFile.check(folder + "/new.csv")
        #expect(try names().isEmpty)
    }
}
