import CZLib
import Reporting
import Testing

/// Reads what `PNGWriter` may write: 8 bits, no interlacing; filters none, left and up.
private func decode(_ file: [UInt8]) throws -> (width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    func number(_ at: Int) -> Int { file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    var (position, packed, names): (Int, [UInt8], [String]) = (8, [], [])
    var (width, height, channels) = (0, 0, 0)
    while position < file.count {
        let length = number(position)
        let body = Array(file[position + 4..<position + 8 + length])
        #expect(number(position + 8 + length) == Int(crc32(0, body, uInt(body.count))))
        names.append(String(decoding: body.prefix(4), as: UTF8.self))
        if names.last == "IHDR" {
            (width, height) = (number(position + 8), number(position + 12))
            channels = try #require([0: 1, 4: 2, 2: 3, 6: 4][file[position + 17]])
        }
        if names.last == "IDAT" { packed += body.dropFirst(4) }
        position += 12 + length
    }
    #expect(names == ["IHDR", "IDAT", "IEND"])
    let stride = width * channels
    var rows = [UInt8](repeating: 0, count: (stride + 1) * height)
    var count = uLong(rows.count)
    #expect(uncompress(&rows, &count, packed, uLong(packed.count)) == Z_OK)
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<stride {
            let value = rows[y * (stride + 1) + 1 + x]
            switch rows[y * (stride + 1)] {
            case 0: pixels.append(value)
            case 1: pixels.append(value &+ (x < channels ? 0 : pixels[pixels.count - channels]))
            default: pixels.append(value &+ (y == 0 ? 0 : pixels[pixels.count - stride]))
            }
        }
    }
    return (width, height, channels, pixels)
}

@Test(arguments: 1...4)
func imagesComeBackFromPNG(channels: Int) throws {
    let (width, height) = (13, 9)
    var state: UInt32 = 7
    // A ramp in the upper half, noise below: the filters differ from row to row.
    let pixels = (0..<width * height * channels).map { i -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return i < width * channels * 5 ? UInt8(truncatingIfNeeded: i * 3) : UInt8(state >> 24)
    }
    let image = try decode(PNGWriter.encode(pixels, width: width, height: height, channels: channels))
    #expect(image.width == width && image.height == height && image.channels == channels)
    #expect(image.pixels == pixels)
}
