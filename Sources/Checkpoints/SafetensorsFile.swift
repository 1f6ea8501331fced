// Checkpoints: files that a run writes and reads back, whole or not at all; what the values mean is for others to know.

import JSON
import Tensors

/// Named tensors and text metadata in the safetensors format.
///
/// Writing is deterministic: the same names, values and metadata give the same bytes, in whatever order they were put in.
public struct SafetensorsFile: Sendable, Equatable {
    /// What the file says of itself.
    public var metadata: [String: String]
    /// The tensors, in the order of the header when read from a file.
    public private(set) var tensors: [StoredTensor]
    private var indices: [String: Int]

    /// - Parameter tensors: at most one of each name.
    public init(metadata: [String: String] = [:], tensors: [StoredTensor] = []) {
        self.metadata = metadata
        self.tensors = []
        self.indices = [:]
        for tensor in tensors { append(tensor) }
    }

    /// Adds a tensor whose name is not present yet.
    public mutating func append(_ tensor: StoredTensor) {
        require(
            indices[tensor.name] == nil && tensor.name != "__metadata__", "SafetensorsFile",
            "the name '\(tensor.name)' is taken")
        indices[tensor.name] = tensors.count
        tensors.append(tensor)
    }

    /// The tensor of a name; nil when the file has none.
    public subscript(name: String) -> StoredTensor? { indices[name].map { tensors[$0] } }

    /// Reads a file, each tensor straight into its own array.
    /// - Throws: `CheckpointError` when the file is missing, unreadable, cut short or malformed in any way.
    public static func read(path: String) throws -> SafetensorsFile {
        let reader = try System.Reader(path)
        let header = try readHeader(reader)
        return SafetensorsFile(
            metadata: header.metadata,
            tensors: try header.entries.map {
                StoredTensor(
                    name: $0.name, type: $0.type, shape: $0.shape,
                    bytes: try reader.bytes(
                        (header.dataOffset + $0.range.lowerBound)..<(header.dataOffset + $0.range.upperBound)))
            })
    }

    /// Reads and checks the header of a file without reading the data.
    public static func readHeader(path: String) throws -> SafetensorsHeader { try readHeader(System.Reader(path)) }

    /// - Throws: `CheckpointError` that names a file of another kind for what it is.
    private static func readHeader(_ reader: System.Reader) throws -> SafetensorsHeader {
        guard reader.size > 0 else {
            throw CheckpointError(
                reader.path, "not a safetensors file, the file is empty, as a download that broke off leaves it")
        }
        do { return try parseHeader(reader) } catch {
            let start = try reader.bytes(0..<min(ForeignFile.prefixSize, reader.size))
            // A header that begins as one is damaged, whatever else it may look like.
            if start.count > 8, start[4..<8].allSatisfy({ $0 == 0 }), start[8] == UInt8(ascii: "{") { throw error }
            guard let kind = ForeignFile.kind(start, name: reader.path) else { throw error }
            throw CheckpointError(reader.path, "not a safetensors file but \(kind)")
        }
    }

    private static func parseHeader(_ reader: System.Reader) throws -> SafetensorsHeader {
        let prefix = try reader.bytes(0..<min(8, reader.size))
        let size = try SafetensorsHeader.size(prefix, fileSize: reader.size, path: reader.path)
        return try SafetensorsHeader(
            reader.bytes(8..<(8 + size)), dataSize: reader.size - 8 - size, path: reader.path)
    }

    /// Reads a file that is already in memory.
    /// - Parameter path: what errors call it.
    public init(bytes: [UInt8], path: String) throws {
        let size = try SafetensorsHeader.size(Array(bytes.prefix(8)), fileSize: bytes.count, path: path)
        let header = try SafetensorsHeader(
            Array(bytes[8..<(8 + size)]), dataSize: bytes.count - 8 - size, path: path)
        self.init(
            metadata: header.metadata,
            tensors: header.entries.map {
                StoredTensor(
                    name: $0.name, type: $0.type, shape: $0.shape,
                    bytes: Array(bytes[(8 + size + $0.range.lowerBound)..<(8 + size + $0.range.upperBound)]))
            })
    }

    /// Writes the file, atomically.
    /// - Throws: `CheckpointError` when it cannot be written; what stood at the path is untouched then.
    public func write(path: String) throws { try AtomicFile.write(path, pieces: pieces()) }

    /// The file's bytes.
    public func serialized() -> [UInt8] { Array(pieces().joined()) }

    /// The file's bytes, header first, without a copy of the data.
    func pieces() -> [[UInt8]] {
        // Wide elements first, so that every tensor is aligned to its element without holes, which the format forbids.
        let ordered = tensors.sorted {
            $0.type.size != $1.type.size ? $0.type.size > $1.type.size : Self.precedes($0, $1)
        }
        var offsets: [String: Int] = [:]
        var offset = 0
        for tensor in ordered {
            offsets[tensor.name] = offset
            offset += tensor.bytes.count
        }
        var members: [JSONValue.Member] = []
        if !metadata.isEmpty {
            members.append(.init("__metadata__", .object(metadata.map { .init($0.key, .string($0.value)) })))
        }
        for tensor in tensors.sorted(by: Self.precedes) {
            let start = offsets[tensor.name] ?? 0
            members.append(
                .init(
                    tensor.name,
                    [
                        "dtype": .string(tensor.type.rawValue),
                        "shape": .array(tensor.shape.map(JSONValue.integer)),
                        "data_offsets": [.integer(start), .integer(start + tensor.bytes.count)],
                    ]))
        }
        // Sorting once more puts the metadata's keys in order; a tensor's name may stand before `__metadata__`.
        var header = Array(JSONValue.object(members).text(sorted: true).utf8)
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        let size = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
        return [size + header] + ordered.map(\.bytes)
    }

    private static func precedes(_ a: StoredTensor, _ b: StoredTensor) -> Bool {
        a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }
}
