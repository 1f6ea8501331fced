import JSON
import Tensors

/// The state of a run as it was saved: named files and a JSON value.
public struct SavedState: Sendable {
    /// The number of the save; it rises with every save.
    public let generation: Int
    /// The files by name.
    public let files: [String: [UInt8]]
    /// What was saved beside them.
    public let info: JSONValue
    /// One sentence for each newer save that could not be used.
    public let warnings: [String]
    package let folder: String

    /// A state that somebody else read.
    package init(generation: Int, files: [String: [UInt8]], info: JSONValue, warnings: [String], folder: String) {
        (self.generation, self.files, self.info) = (generation, files, info)
        (self.warnings, self.folder) = (warnings, folder)
    }

    /// A file of the state as tensors.
    /// - Throws: `CheckpointError` when the state has no such file or it is no safetensors file.
    public func tensors(_ name: String) throws -> SafetensorsFile {
        guard let bytes = files[name] else {
            throw CheckpointError(
                folder, "the saved state has no file \(name), only \(files.keys.sorted().joined(separator: ", "))")
        }
        return try SafetensorsFile(bytes: bytes, path: folder + "/" + name)
    }
}

/// What goes into one file of a saved state.
public enum StateFile: Sendable {
    case bytes([UInt8])
    case tensors(SafetensorsFile)

    var pieces: [[UInt8]] {
        switch self {
        case .bytes(let bytes): [bytes]
        case .tensors(let file): file.pieces()
        }
    }
}

/// Saves the state of a run so that a crash at any moment, also while saving, leaves a state to continue from.
///
/// Every save goes into a folder of its own, `<directory>/00000012`, and counts from the moment its `manifest.json` is
/// in place, which is written last and holds the size and SHA-256 of every file. The save before it is kept as well,
/// in case the newest is found damaged; older ones are removed.
public struct StateStore {
    /// Where the generations are.
    public let directory: String
    private var damaged: Set<Int> = []
    private let probe: AtomicFile.Probe

    /// The store in a folder, which need not exist yet.
    public init(directory: String) { self.init(directory: directory, probe: { _ in }) }

    package init(directory: String, probe: @escaping AtomicFile.Probe) {
        self.directory = directory
        self.probe = probe
    }

    /// Saves a state as the newest one.
    /// - Parameters:
    ///   - files: contents by plain name, without a slash or a leading dot, other than `manifest.json`.
    ///   - info: what else to keep, such as counters; `load` gives back an equal value if its numbers are finite.
    /// - Throws: `CheckpointError` when something cannot be written; the states saved before stay as they were.
    public mutating func save(files: [String: StateFile], info: JSONValue) throws {
        for name in files.keys { require(Self.isPlain(name), "StateStore", "the file name '\(name)' is not plain") }
        let present = try generations()
        let generation = try freeGeneration(after: present.last ?? 0)
        let folder = self.folder(generation)
        do {
            try probe("make folder")
            try System.makeFolder(folder)
            var entries: [JSONValue.Member] = []
            for name in files.keys.sorted() {
                guard let pieces = files[name]?.pieces else { continue }
                try AtomicFile.write(folder + "/" + name, pieces: pieces, probe: probe)
                let size = pieces.reduce(0) { $0 + $1.count }
                entries.append(.init(name, ["bytes": .integer(size), "sha256": .string(SHA256.hexadecimal(pieces))]))
            }
            let content: JSONValue = ["version": 1, "files": .object(entries), "info": info]
            let manifest: JSONValue = ["content": content, "sha256": .string(Self.checksum(content))]
            try AtomicFile.write(
                folder + "/manifest.json", pieces: [Array((manifest.text(pretty: true) + "\n").utf8)], probe: probe)
        } catch {
            // A full disk should not stay full for the sake of half a save.
            if (try? probe("clean up")) != nil { try? remove(generation) }
            throw error
        }
        try removeOld(before: generation, present)
    }

    /// The newest state that is whole; nil when none was ever saved.
    /// - Throws: `CheckpointError` when states were saved and all of them are damaged, or when the newest that is whole
    ///   was saved by a newer version: going on from an older one would remove it.
    public mutating func load() throws -> SavedState? {
        var failures: [String] = []
        for generation in try generations().reversed() where isComplete(generation) {
            do {
                return try read(
                    generation, warnings: failures.map { "the saved state \($0), so an older one is tried" })
            } catch let error as NewerState {
                throw error.error
            } catch {
                damaged.insert(generation)
                failures.append("\(error)")
            }
        }
        guard let first = failures.first else { return nil }
        let others = failures.count > 1 ? ", and \(failures.count - 1) older likewise" : ""
        throw CheckpointError(directory, "no saved state can be used: \(first)\(others)")
    }

    /// A state that is whole and that this version cannot read.
    private struct NewerState: Error {
        let error: CheckpointError
    }

    private func read(_ generation: Int, warnings: [String]) throws -> SavedState {
        let folder = self.folder(generation)
        let path = folder + "/manifest.json"
        let reader = try System.Reader(path)
        guard reader.size <= 100_000_000 else { throw CheckpointError(path, "larger than any manifest") }
        let manifest: JSONValue
        do {
            manifest = try JSONValue(parsing: try reader.bytes(0..<reader.size))
        } catch let error as JSONError {
            throw CheckpointError(path, "malformed, \(error)")
        }
        guard let content = manifest["content"], let checksum = manifest["sha256"]?.stringValue,
            checksum == Self.checksum(content)
        else { throw CheckpointError(path, "does not match its checksum") }
        if let version = content["version"]?.integerValue, version > 1 {
            throw NewerState(
                error: CheckpointError(
                    path,
                    "was saved by a newer version of this program (state version \(version), this one reads 1), expected "
                        + "that version to go on with the run, or --overwrite to start anew"))
        }
        guard content["version"] == 1 else { throw CheckpointError(path, "is of an unknown version, expected 1") }
        guard let info = content["info"], let entries = content["files"]?.objectValue else {
            throw CheckpointError(path, "has no files or no info")
        }
        var files: [String: [UInt8]] = [:]
        for entry in entries {
            guard Self.isPlain(entry.name) else { throw CheckpointError(path, "lists a file outside of its folder") }
            let file = try System.Reader(folder + "/" + entry.name)
            guard entry.value["bytes"]?.integerValue == file.size else {
                throw CheckpointError(file.path, "has \(file.size) bytes, not as many as were saved")
            }
            let bytes = try file.bytes(0..<file.size)
            guard entry.value["sha256"]?.stringValue == SHA256.hexadecimal([bytes]) else {
                throw CheckpointError(file.path, "does not match its checksum")
            }
            files[entry.name] = bytes
        }
        return SavedState(generation: generation, files: files, info: info, warnings: warnings, folder: folder)
    }

    /// Keeps the newest generation and the newest one before it that may be whole.
    private mutating func removeOld(before newest: Int, _ present: [Int]) throws {
        let spare = present.last { isComplete($0) && !damaged.contains($0) }
        for generation in present where generation != spare {
            try remove(generation)
            damaged.remove(generation)
        }
    }

    private func remove(_ generation: Int) throws {
        let folder = self.folder(generation)
        guard System.kind(folder) != nil else { return }
        // Without its manifest the folder no longer counts, however far the removal comes.
        try probe("remove manifest")
        try System.remove(folder + "/manifest.json")
        for name in try System.names(in: folder) {
            try probe("remove file")
            try System.remove(folder + "/" + name)
        }
        try probe("remove folder")
        try System.remove(folder)
    }

    private func isComplete(_ generation: Int) -> Bool { System.kind(folder(generation) + "/manifest.json") == .file }

    /// The numbers of the folders that are there, whole or not, rising. What is named like one and is something else was
    /// put there by somebody, and is left alone.
    private func generations() throws -> [Int] {
        guard System.kind(directory, followingLinks: true) != nil else { return [] }
        return try System.names(in: directory).filter {
            StateStore.isGeneration($0) && StateStore.isOurs(directory + "/" + $0)
        }.compactMap { Int($0) }.sorted()
    }

    /// The first number after `last` under which nothing stands.
    private func freeGeneration(after last: Int) throws -> Int {
        var generation = last + 1
        while System.kind(folder(generation)) != nil { generation += 1 }
        guard Self.isGeneration(System.lastName(of: folder(generation))) else {
            throw CheckpointError(
                folder(last), "no number is left for another save, expected a smaller one; start anew with --overwrite")
        }
        return generation
    }

    /// Whether a folder may be a save: a folder with files alone.
    static func isOurs(_ folder: String) -> Bool {
        guard System.kind(folder) == .folder, let names = try? System.names(in: folder) else { return false }
        return names.allSatisfy { System.kind(folder + "/" + $0) == .file }
    }

    static func isGeneration(_ name: String) -> Bool {
        name.utf8.count == 8 && name.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    private func folder(_ generation: Int) -> String {
        let digits = String(generation)
        return directory + "/" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("/") && !name.hasPrefix(".") && !name.contains("\0") && name != "manifest.json"
    }

    private static func checksum(_ content: JSONValue) -> String { SHA256.hexadecimal([Array(content.text().utf8)]) }
}
