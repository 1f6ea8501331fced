import JSON
import Tensors

/// The header of a safetensors file: what it holds and where, without the data.
public struct SafetensorsHeader: Sendable, Equatable {
    /// One tensor of the file.
    public struct Entry: Sendable, Equatable {
        /// The name in the file.
        public let name: String
        /// The type of its elements.
        public let type: ElementType
        /// The extent of each axis, outermost first.
        public let shape: [Int]
        /// The bytes of the tensor, counted from the start of the data.
        public let range: Range<Int>
    }

    /// What the file says of itself.
    public let metadata: [String: String]
    /// The tensors in the order of the header.
    public let entries: [Entry]
    /// Where the data starts in the file.
    public let dataOffset: Int

    /// The largest header that is read, as in the reference implementation.
    public static let largestSize = 100_000_000

    /// Checks the first eight bytes of a file of `fileSize` bytes.
    /// - Returns: the number of bytes of the header that follows.
    static func size(_ prefix: [UInt8], fileSize: Int, path: String) throws -> Int {
        guard prefix.count == 8 else {
            throw CheckpointError(path, "not a safetensors file, \(fileSize) bytes are too few for a header")
        }
        let size = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard size >= 2, size <= largestSize else {
            throw CheckpointError(
                path, "not a safetensors file, a header of \(size) bytes where 2 to \(largestSize) are expected")
        }
        guard Int(size) <= fileSize - 8 else {
            throw CheckpointError(
                path, "the safetensors file is cut short, its header has \(size) bytes and \(fileSize - 8) are there")
        }
        return Int(size)
    }

    /// Reads and checks a header (without its length), which describes `dataSize` bytes of data.
    init(_ header: [UInt8], dataSize: Int, path: String) throws {
        do {
            self = try Self.parse(header)
        } catch {
            throw CheckpointError(path, "the safetensors header is malformed, \(error)")
        }
        try check(dataSize: dataSize, path: path)
    }

    private init(metadata: [String: String], entries: [Entry], dataOffset: Int) {
        self.metadata = metadata
        self.entries = entries
        self.dataOffset = dataOffset
    }

    private static func parse(_ header: [UInt8]) throws(JSONError) -> SafetensorsHeader {
        var scanner = JSONScanner(header)
        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        guard header.first == UInt8(ascii: "{") else { throw scanner.failure("expected '{'") }
        try scanner.object { (scanner: inout JSONScanner, name: String) throws(JSONError) in
            if name == "__metadata__" {
                try scanner.object { (scanner: inout JSONScanner, key: String) throws(JSONError) in
                    metadata[key] = try scanner.string()
                }
            } else {
                entries.append(try entry(named: name, &scanner))
            }
        }
        try scanner.expectEnd()
        return SafetensorsHeader(metadata: metadata, entries: entries, dataOffset: 8 + header.count)
    }

    private static func entry(named name: String, _ scanner: inout JSONScanner) throws(JSONError) -> Entry {
        var type: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner: inout JSONScanner, key: String) throws(JSONError) in
            switch key {
            case "dtype":
                let found = try scanner.string()
                type = ElementType(rawValue: found)
                if type == nil { throw scanner.failure("unknown dtype \(JSONValue.string(shortened(found)).text())") }
            case "shape": shape = try counts(&scanner)
            case "data_offsets": offsets = try counts(&scanner)
            default: throw scanner.failure("unknown key \(JSONValue.string(shortened(key)).text())")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw scanner.failure("expected dtype, shape and two rising data_offsets")
        }
        return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static func counts(_ scanner: inout JSONScanner) throws(JSONError) -> [Int] {
        var counts: [Int] = []
        try scanner.array { (scanner: inout JSONScanner) throws(JSONError) in counts.append(try scanner.count()) }
        return counts
    }

    private static func shortened(_ text: String) -> String { text.count > 80 ? text.prefix(80) + "..." : text }

    /// Every byte of the data must belong to exactly one tensor.
    private func check(dataSize: Int, path: String) throws {
        var end = 0
        for entry in entries.sorted(by: {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }) {
            let name = Self.shortened(entry.name)
            guard entry.range.upperBound <= dataSize else {
                throw CheckpointError(
                    path,
                    "tensor \(name) ends at byte \(entry.range.upperBound) of the data, which has \(dataSize) bytes")
            }
            guard let size = entry.type.byteCount(shape: entry.shape), size == entry.range.count else {
                throw CheckpointError(
                    path,
                    "tensor \(name) has \(entry.range.count) bytes, which do not fit \(entry.type) of shape "
                        + Self.shortened("\(entry.shape.prefix(16))"))
            }
            guard entry.range.lowerBound == end else {
                throw CheckpointError(
                    path, "tensor \(name) starts at byte \(entry.range.lowerBound) of the data, expected \(end)")
            }
            end = entry.range.upperBound
        }
        guard end == dataSize else {
            throw CheckpointError(path, "the tensors cover \(end) bytes of the data, which has \(dataSize)")
        }
    }
}
