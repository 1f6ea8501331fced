import Checkpoints
import Foundation
import JSON
import Tensors
import Testing

private struct Stop: Error {}

/// Stops at one step of a sequence: for good, as a killed process does, or once, as a full disk does.
private final class Stopper {
    var steps = 0
    let last: Int
    let isKill: Bool

    init(after last: Int, isKill: Bool) {
        self.last = last
        self.isKill = isKill
    }

    func probe(_ name: String) throws {
        steps += 1
        if isKill ? steps > last : steps == last + 1 { throw Stop() }
    }
}

private func files(_ update: Int) -> [String: StateFile] {
    [
        "weights.safetensors": .tensors(
            SafetensorsFile(tensors: [StoredTensor(name: "w", shape: [2], floats: [Float(update), 0.1])])),
        "note.txt": .bytes(Array("update \(update)".utf8)),
    ]
}

private func info(_ update: Int) -> JSONValue {
    ["update": .integer(update), "loss": 0.1, "best": .null, "name": "é\n"]
}

private func expectState(_ state: SavedState?, _ update: Int) throws {
    let state = try #require(state)
    #expect(state.info == info(update))
    #expect(try state.tensors("weights.safetensors")["w"]?.floats() == [Float(update), 0.1])
    #expect(state.files["note.txt"] == Array("update \(update)".utf8))
    #expect(state.files.count == 2)
}

private func store(_ folder: String, saves: ClosedRange<Int>) throws -> StateStore {
    var store = StateStore(directory: folder + "/state")
    for update in saves { try store.save(files: files(update), info: info(update)) }
    return store
}

@Test func nothingSavedIsNoState() throws {
    try withFolder { folder in
        var store = StateStore(directory: folder + "/state")
        let state = try store.load()
        #expect(state == nil)
    }
}

@Test func theNewestStateIsLoadedAndOneOlderIsKept() throws {
    try withFolder { folder in
        var store = try store(folder, saves: 1...4)
        let state = try #require(try store.load())
        try expectState(state, 4)
        #expect(state.generation == 4)
        #expect(state.warnings.isEmpty)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder + "/state").sorted() == ["00000003", "00000004"])
        #expect(message { _ = try state.tensors("x") }.contains("has no file x, only note.txt, weights.safetensors"))
    }
}

@Test func aKillAtAnyStepOfASaveLeavesAStateToContinueFrom() throws {
    var outcomes: [Int] = []
    for last in 0..<200 {
        let isDone = try withFolder { folder in
            _ = try store(folder, saves: 1...3)
            let stopper = Stopper(after: last, isKill: true)
            var killed = StateStore(directory: folder + "/state", probe: stopper.probe)
            let isKilled = message { try killed.save(files: files(4), info: info(4)) } != ""

            var next = StateStore(directory: folder + "/state")
            let state = try #require(try next.load())
            let update = try #require(state.info["update"]?.integerValue)
            #expect(update == 3 || update == 4)
            #expect(state.warnings.isEmpty)
            try expectState(state, update)
            outcomes.append(update)

            try next.save(files: files(5), info: info(5))
            try expectState(try next.load(), 5)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/state").count == 2)
            #expect(!names(folder).contains { $0.hasSuffix(".partial") })
            return !isKilled
        }
        if isDone { break }
    }
    // Both sides of the manifest's rename were met, in this order.
    #expect(outcomes == outcomes.sorted() && outcomes.first == 3 && outcomes.last == 4)
    #expect((20..<100).contains(outcomes.count))
}

@Test func aFailedSaveLeavesTheFolderAsItWas() throws {
    try withFolder { folder in
        _ = try store(folder, saves: 1...3)
        let before = names(folder)
        for last in 0..<14 {
            var failing = StateStore(directory: folder + "/state", probe: Stopper(after: last, isKill: false).probe)
            #expect(throws: Stop.self) { try failing.save(files: files(4), info: info(4)) }
            #expect(names(folder) == before, "after step \(last)")
            try expectState(try failing.load(), 3)
        }
    }
}

@Test func aDamagedStateFallsBackToTheOneBeforeWithAWarning() throws {
    let damages: [(String, (String) throws -> Void)] = [
        ("does not match its checksum", { try flip($0 + "/weights.safetensors", at: 66) }),
        ("not as many as were saved", { try put("update 44", $0 + "/note.txt") }),
        ("no such file", { try FileManager.default.removeItem(atPath: $0 + "/note.txt") }),
        ("malformed", { try put("{", $0 + "/manifest.json") }),
        ("malformed", { try put("", $0 + "/manifest.json") }),
        ("does not match its checksum", { try flip($0 + "/manifest.json", at: 40) }),
    ]
    for (reason, damage) in damages {
        try withFolder { folder in
            var store = try store(folder, saves: 1...4)
            try damage(folder + "/state/00000004")
            let state = try store.load()
            try expectState(state, 3)
            #expect(state?.warnings.count == 1)
            #expect(state?.warnings.first?.contains(reason) == true, "\(state?.warnings ?? [])")

            // The damaged one is not the spare that is kept.
            try store.save(files: files(5), info: info(5))
            try flip(folder + "/state/00000005/note.txt", at: 0)
            try expectState(try store.load(), 3)

            try flip(folder + "/state/00000003/note.txt", at: 0)
            #expect(message { _ = try store.load() }.contains("no saved state can be used"))
        }
    }
}

@Test func aStateWithoutAManifestIsNotCounted() throws {
    try withFolder { folder in
        var store = try store(folder, saves: 1...2)
        try FileManager.default.removeItem(atPath: folder + "/state/00000002/manifest.json")
        let state = try store.load()
        try expectState(state, 1)
        #expect(state?.warnings == [])
    }
}

@Test func checksumsAreSHA256() throws {
    // Lengths on both sides of the padding's and the block's limits, against known digests.
    let known = [
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        3: "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0",
    ]
    try withFolder { folder in
        var store = StateStore(directory: folder)
        for (count, digest) in known.merging(longDigests, uniquingKeysWith: { a, _ in a }) {
            try store.save(files: ["a": .bytes([UInt8](repeating: 0x61, count: count))], info: nil)
            let generation = try #require(try store.load()).generation
            let name = String(format: "%08d", generation)
            let manifest = try JSONValue(parsing: try #require(contents(folder + "/\(name)/manifest.json")))
            #expect(manifest["content"]?["files"]?["a"]?["sha256"] == .string(digest), "\(count) bytes")
        }
    }
}

private func flip(_ path: String, at index: Int) throws {
    var bytes = try #require(contents(path))
    bytes[index] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

private let longDigests = [
    55: "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
    56: "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
    63: "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34",
    64: "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
    65: "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0",
    119: "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb",
    1000: "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3",
]
