import Tensors

/// The numbers in the headers of images and of IDX files: where they stand, how they are written, and what must be made
/// anew when one of them changes.
struct BinaryField: Sendable, Equatable {
    let offset: Int
    let size: Int
    let isBigEndian: Bool
}

extension StructuredChange {
    /// One number of a header, whatever format the bytes are of.
    static let headerNumber = StructuredChange { bytes, random in
        let fields = BinaryField.all(in: bytes)
        guard !fields.isEmpty else { return }
        let field = fields[random.integer(below: fields.count)]
        let values: [UInt64] = [
            0, 1, 2, 3, 4, 5, 8, 16, 255, 256, 1000, 16_384, 65_535, 65_536, 1 << 20, 1 << 24, (1 << 24) - 1, 1 << 28,
            (1 << 31) - 1, 1 << 31, (1 << 32) - 1,
        ]
        field.set(values[random.integer(below: values.count)], in: &bytes)
        BinaryField.repair(&bytes)
        if random.chance(0.5) { BinaryField.fillIDX(&bytes) }
    }
}

extension BinaryField {
    private static func begins(_ bytes: [UInt8], _ prefix: [UInt8], at offset: Int = 0) -> Bool {
        bytes.count >= offset + prefix.count && bytes[offset..<offset + prefix.count].elementsEqual(prefix)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ size: Int, bigEndian: Bool) -> Int {
        guard offset >= 0, offset + size <= bytes.count else { return 0 }
        let part = bytes[offset..<offset + size]
        return (bigEndian ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }

    func set(_ value: UInt64, in bytes: inout [UInt8]) {
        for i in 0..<size where offset + i < bytes.count {
            bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (isBigEndian ? size - 1 - i : i)))
        }
    }

    /// The numbers of the format that the bytes begin as.
    static func all(in bytes: [UInt8]) -> [BinaryField] {
        func big(_ offset: Int, _ size: Int) -> BinaryField { .init(offset: offset, size: size, isBigEndian: true) }
        func little(_ offset: Int, _ size: Int) -> BinaryField { .init(offset: offset, size: size, isBigEndian: false) }
        if begins(bytes, [0x89, 0x50, 0x4E, 0x47]) { return png(bytes) }
        if begins(bytes, [0xFF, 0xD8]) { return jpeg(bytes) }
        if begins(bytes, Array("BM".utf8)) {
            // File size, offset of the pixels, header size, width, height, planes, bits, compression, image size, colours.
            return [(2, 4), (10, 4), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2), (30, 4), (34, 4), (46, 4)].map(little)
        }
        if begins(bytes, Array("GIF8".utf8)) {
            let screen = [(6, 2), (8, 2), (10, 1), (11, 1)].map(little)
            let start = bytes.count > 13 ? bytes[13...].firstIndex(of: 0x2C) : nil
            return screen
                + (start.map { at in [(1, 2), (3, 2), (5, 2), (7, 2), (9, 1)].map { little(at + $0.0, $0.1) } } ?? [])
        }
        if begins(bytes, Array("RIFF".utf8)) {
            // Sizes of file and chunk, then the sides of each kind of chunk.
            switch bytes.count > 16 ? Array(bytes[12..<16]) : [] {
            case Array("VP8X".utf8): return [(4, 4), (16, 4), (20, 1), (24, 3), (27, 3)].map(little)
            case Array("VP8L".utf8): return [(4, 4), (16, 4), (21, 4)].map(little)
            default: return [(4, 4), (16, 4), (26, 2), (28, 2)].map(little)
            }
        }
        if begins(bytes, [0x49, 0x49, 42, 0]) || begins(bytes, [0x4D, 0x4D, 0, 42]) { return tiff(bytes) }
        if begins(bytes, [0, 0]), bytes.count > 4, (1...4).contains(bytes[3]) {
            return (0..<Int(bytes[3])).map { big(4 + 4 * $0, 4) }
        }
        return []
    }

    private static func png(_ bytes: [UInt8]) -> [BinaryField] {
        var fields: [BinaryField] = []
        for chunk in chunks(bytes) {
            fields.append(.init(offset: chunk.start, size: 4, isBigEndian: true))
            guard chunk.kind == Array("IHDR".utf8) else { continue }
            for (offset, size) in [(0, 4), (4, 4), (0, 4), (4, 4), (8, 1), (9, 1), (10, 1), (11, 1), (12, 1)] {
                fields.append(.init(offset: chunk.start + 8 + offset, size: size, isBigEndian: true))
            }
        }
        return fields
    }

    private static func chunks(_ bytes: [UInt8]) -> [(start: Int, kind: [UInt8], length: Int)] {
        var chunks: [(start: Int, kind: [UInt8], length: Int)] = []
        var start = 8
        while start + 12 <= bytes.count, chunks.count < 64 {
            let length = number(bytes, start, 4, bigEndian: true)
            chunks.append((start, Array(bytes[start + 4..<start + 8]), length))
            start += 12 + length
        }
        return chunks
    }

    private static func jpeg(_ bytes: [UInt8]) -> [BinaryField] {
        var fields: [BinaryField] = []
        var start = 2
        while start + 4 <= bytes.count, bytes[start] == 0xFF, fields.count < 64 {
            let marker = bytes[start + 1]
            fields.append(.init(offset: start + 2, size: 2, isBigEndian: true))
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                // Precision, height, width, components, and the sampling of the first.
                for (offset, size) in [(4, 1), (5, 2), (7, 2), (5, 2), (7, 2), (9, 1), (11, 1)] {
                    fields.append(.init(offset: start + offset, size: size, isBigEndian: true))
                }
            }
            if marker == 0xDA { break }
            start += 2 + number(bytes, start + 2, 2, bigEndian: true)
        }
        return fields
    }

    /// The counts and values of the first directory.
    private static func tiff(_ bytes: [UInt8]) -> [BinaryField] {
        let isBig = bytes[0] == 0x4D
        let directory = number(bytes, 4, 4, bigEndian: isBig)
        let count = min(32, number(bytes, directory, 2, bigEndian: isBig))
        var fields = [
            BinaryField(offset: 4, size: 4, isBigEndian: isBig),
            BinaryField(offset: directory, size: 2, isBigEndian: isBig),
        ]
        for entry in 0..<count {
            let start = directory + 2 + 12 * entry
            let isShort = number(bytes, start + 2, 2, bigEndian: isBig) == 3
            fields.append(.init(offset: start + 2, size: 2, isBigEndian: isBig))
            fields.append(.init(offset: start + 4, size: 4, isBigEndian: isBig))
            fields.append(.init(offset: start + 8, size: isShort ? 2 : 4, isBigEndian: isBig))
        }
        return fields.filter { $0.offset + $0.size <= bytes.count }
    }

    /// Makes the checksums of a PNG file's chunks anew.
    static func repair(_ bytes: inout [UInt8]) {
        guard begins(bytes, [0x89, 0x50, 0x4E, 0x47]) else { return }
        for chunk in chunks(bytes) where chunk.start + 12 + chunk.length <= bytes.count {
            let end = chunk.start + 8 + chunk.length
            let checksum = CRC32.checksum(bytes[chunk.start + 4..<end])
            BinaryField(offset: end, size: 4, isBigEndian: true).set(UInt64(checksum), in: &bytes)
        }
    }

    /// Gives an IDX file as many bytes as its header promises, up to four million.
    static func fillIDX(_ bytes: inout [UInt8]) {
        guard begins(bytes, [0, 0, 8]), bytes.count > 4, (1...4).contains(bytes[3]) else { return }
        let start = 4 + 4 * Int(bytes[3])
        var count = 1
        for axis in 0..<Int(bytes[3]) {
            let (product, overflow) = count.multipliedReportingOverflow(
                by: number(bytes, 4 + 4 * axis, 4, bigEndian: true))
            if overflow || product > 1 << 22 { return }
            count = product
        }
        guard start <= bytes.count else { return }
        bytes = Array(bytes.prefix(start + count))
        bytes += [UInt8](repeating: 0, count: max(0, start + count - bytes.count))
    }
}

/// The checksum of PNG and gzip.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
