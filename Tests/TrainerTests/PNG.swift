import Foundation

/// Images of a pattern that differs by class, as PNG files without compression.
enum PNG {
    enum Color: UInt8 {
        case gray = 0
        case rgb = 2
        case rgba = 6
        var channels: Int { self == .gray ? 1 : self == .rgb ? 3 : 4 }
    }

    /// Writes stripes whose direction tells the class.
    static func write(_ path: String, width: Int, height: Int, _ color: Color, label: Int, index: Int) throws {
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)  // no filter
            for x in 0..<width {
                let position = (label.isMultiple(of: 2) ? x : y) + index
                for channel in 0..<color.channels {
                    rows.append(channel == 3 ? 255 : position / 2 % 2 == 0 ? UInt8(40 * label + 20) : 220)
                }
            }
        }
        var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        append("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, color.rawValue, 0, 0, 0], to: &data)
        append("IDAT", zlib(rows), to: &data)
        append("IEND", [], to: &data)
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: path))
    }

    private static func append(_ name: String, _ content: [UInt8], to data: inout Data) {
        let body = Array(name.utf8) + content
        data.append(contentsOf: bigEndian(UInt32(content.count)) + body + bigEndian(crc(body)))
    }

    /// Stored blocks between zlib's header and checksum.
    private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 65_535, bytes.count)
            let size = UInt16(end - start)
            result.append(end == bytes.count ? 1 : 0)
            for value in [size, ~size] { result += [UInt8(value & 255), UInt8(value >> 8)] }
            result += bytes[start..<end]
            start = end
        } while start < bytes.count
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return result + bigEndian(b << 16 | a)
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
}
