import CZLib

/// Writes 8-bit images as PNG files in memory, so that a report can show what a model saw.
public enum PNGWriter {
    /// Encodes an image.
    /// - Parameters:
    ///   - pixels: [height, width, channels] without gaps, 0 is black and 255 white.
    ///   - channels: 1 is grey, 2 grey with alpha, 3 red, green and blue, 4 these with alpha.
    /// - Returns: The bytes of a PNG file; equal images give equal bytes.
    public static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
        precondition((1...4).contains(channels), "PNGWriter: found \(channels) channels, expected 1 to 4")
        precondition(
            width > 0 && height > 0 && pixels.count == width * height * channels,
            "PNGWriter: found \(pixels.count) bytes, expected [\(height), \(width), \(channels)]")
        let colorType: UInt8 = [0, 4, 2, 6][channels - 1]
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        append("IHDR", bigEndian(width) + bigEndian(height) + [8, colorType, 0, 0, 0], to: &file)
        append("IDAT", deflated(filtered(pixels, stride: width * channels, channels: channels)), to: &file)
        append("IEND", [], to: &file)
        return file
    }

    /// Each row after its filter's number. Every row keeps that one of "none", "left" and "up" whose differences are
    /// smallest, which serves both plain figures and photographs.
    private static func filtered(_ pixels: [UInt8], stride: Int, channels: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count + pixels.count / stride)
        for start in Swift.stride(from: 0, to: pixels.count, by: stride) {
            let row = pixels[start..<start + stride]
            // Filter 1 takes the pixel to the left off, filter 2 the one above.
            let left = row.indices.map { $0 - start < channels ? row[$0] : row[$0] &- row[$0 - channels] }
            let up = start == 0 ? Array(row) : row.indices.map { row[$0] &- pixels[$0 - stride] }
            let choices: [(UInt8, [UInt8])] = [(0, Array(row)), (1, left), (2, up)]
            let best = choices.min { cost($0.1) < cost($1.1) }!
            result.append(best.0)
            result += best.1
        }
        return result
    }

    private static func cost(_ bytes: [UInt8]) -> Int {
        bytes.reduce(0) { $0 + Int(Int8(bitPattern: $1).magnitude) }
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(uLong(bytes.count))
        var result = [UInt8](repeating: 0, count: Int(count))
        let status = compress2(&result, &count, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION)
        precondition(status == Z_OK, "PNGWriter: zlib failed with status \(status)")  // Out of memory, nothing else.
        return Array(result.prefix(Int(count)))
    }

    private static func append(_ name: String, _ content: [UInt8], to file: inout [UInt8]) {
        let body = Array(name.utf8) + content
        let checksum = crc32(0, body, uInt(body.count))
        file += bigEndian(content.count) + body + bigEndian(Int(checksum))
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
