import Checkpoints
import JSON
import Tensors

/// A change of an input that knows how it is built: what follows from the changed part, lengths and checksums, is made
/// anew, so that the input reaches what lies behind those checks. Bytes that are not built so stay as they are.
struct StructuredChange: Sendable {
    let apply: @Sendable (inout [UInt8], inout Random) -> Void

    /// A JSON document.
    static let json = StructuredChange { bytes, random in
        guard let value = try? JSONValue(parsing: bytes) else { return }
        bytes = Array(JSONChange.apply(to: value, &random).text().utf8)
    }

    /// A line of a log.
    static let lines = StructuredChange { bytes, random in
        var lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
        guard !lines.isEmpty else { return }
        let place = random.integer(below: lines.count)
        guard let value = try? JSONValue(parsing: lines[place]) else { return }
        lines[place] = Array(JSONChange.apply(to: value, &random).text().utf8)
        bytes = lines.flatMap { $0 + [UInt8(ascii: "\n")] }
    }

    /// The header of a safetensors file, most of all the JSON within its metadata, or a value of one of its tensors.
    static let safetensors = StructuredChange { bytes, random in
        guard let (header, data) = split(bytes) else { return }
        var changed = header
        var values = data
        switch random.integer(below: 10) {
        case 0...6:
            if let metadata = header["__metadata__"] {
                changed["__metadata__"] = JSONChange.apply(to: metadata, &random)
            }
        case 7: changed = JSONChange.apply(to: header, &random)
        default: changeValue(header, &values, &random)
        }
        let text = Array(changed.text().utf8)
        bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text + values
    }

    static func split(_ bytes: [UInt8]) -> (header: JSONValue, data: [UInt8])? {
        guard bytes.count > 8 else { return nil }
        let size = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard size <= UInt64(bytes.count - 8) else { return nil }
        let end = 8 + Int(size)
        guard let header = try? JSONValue(parsing: Array(bytes[8..<end])), header.objectValue != nil else { return nil }
        return (header, Array(bytes[end...]))
    }

    private static func changeValue(_ header: JSONValue, _ data: inout [UInt8], _ random: inout Random) {
        // Counts are few among the tensors, and as hostile as any.
        let entries = (header.objectValue ?? []).filter { $0.name != "__metadata__" }
        let counts = entries.filter { $0.name.hasSuffix("num_batches_tracked") }
        let chosen = !counts.isEmpty && random.chance(0.3) ? counts : entries
        guard !chosen.isEmpty else { return }
        let entry = chosen[random.integer(below: chosen.count)].value
        guard let offsets = entry["data_offsets"]?.arrayValue?.compactMap(\.integerValue), offsets.count == 2,
            offsets[0] >= 0, offsets[1] <= data.count, offsets[0] < offsets[1], let type = entry["dtype"]?.stringValue
        else { return }
        let value: [UInt8]
        switch type {
        case "F32":
            let numbers: [Float] = [.nan, .infinity, -.infinity, 1e38, -1e38, 1e30, .leastNonzeroMagnitude, -1, 0]
            value = withUnsafeBytes(of: numbers[random.integer(below: numbers.count)], Array.init)
        case "I64":
            let numbers: [Int64] = [.max, .min, -1, 1 << 53, (1 << 53) + 1, 1 << 62]
            value = withUnsafeBytes(of: numbers[random.integer(below: numbers.count)], Array.init)
        default: value = [0xFF]
        }
        let places = (offsets[1] - offsets[0]) / value.count
        guard places > 0 else { return }
        let start = offsets[0] + value.count * random.integer(below: places)
        data.replaceSubrange(start..<start + value.count, with: value)
    }

    /// The manifest of a saved state, under a checksum that fits.
    static let manifest = StructuredChange { bytes, random in
        guard let manifest = try? JSONValue(parsing: bytes), let content = manifest["content"] else { return }
        var changed = content
        if random.chance(0.8), let info = content["info"] {
            changed["info"] = JSONChange.apply(to: info, &random)
        } else {
            changed = JSONChange.apply(to: content, &random)
        }
        bytes = Array(signed(changed).text(pretty: true).utf8)
    }

    /// A manifest with its checksum.
    static func signed(_ content: JSONValue) -> JSONValue {
        ["content": content, "sha256": .string(SHA256.hexadecimal([Array(content.text().utf8)]))]
    }
}
