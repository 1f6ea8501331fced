import Checkpoints
import Distributed
import JSON
import Layers
import Tensors

// What rank 0 reads for all ranks of a job.

extension StateStore {
    /// The newest state that is whole, which rank 0 reads for all.
    mutating func load(with ranks: ProcessGroup) throws -> SavedState? {
        if ranks.size == 1 { return try load() }
        var own: SavedState?
        let bytes = try ranks.onRoot {
            own = try load()
            return own?.message ?? []
        }
        return try bytes.isEmpty ? nil : own ?? SavedState(message: bytes)
    }
}

extension SavedState {
    fileprivate var message: [UInt8] {
        var message = ByteMessage()
        message.add(generation)
        message.add(folder)
        message.add(info.text())
        message.add(warnings.count)
        for warning in warnings { message.add(warning) }
        message.add(files.count)
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            message.add(name)
            message.add(bytes)
        }
        return message.bytes
    }

    fileprivate init(message bytes: [UInt8]) throws {
        var message = ByteMessage(bytes)
        let (generation, folder) = (message.integer(), message.text())
        let info = try JSONValue(parsing: message.text())
        let warnings = (0..<message.integer()).map { _ in message.text() }
        var files: [String: [UInt8]] = [:]
        for _ in 0..<message.integer() {
            let name = message.text()
            files[name] = message.array()
        }
        self.init(generation: generation, files: files, info: info, warnings: warnings, folder: folder)
    }
}

extension ProcessGroup {
    /// A sentence of rank 0's, or none, for all.
    func sentence(_ body: () throws -> String?) throws -> String? {
        if size == 1 { return try body() }
        let bytes = try onRoot { Array((try body()).map { "+" + $0 }?.utf8 ?? "".utf8) }
        return bytes.isEmpty ? nil : String(decoding: bytes.dropFirst(), as: UTF8.self)
    }
}

extension Weights {
    /// A weights file that rank 0 reads for all.
    static func read(_ path: String, with ranks: ProcessGroup) throws -> Weights {
        if ranks.size == 1 { return try read(path) }
        var own: Weights?
        let bytes = try ranks.onRoot {
            own = try read(path)
            return try own.map { try Weights.file($0.store, $0.metadata).serialized() } ?? []
        }
        return try own ?? read(bytes, path: path)
    }
}
