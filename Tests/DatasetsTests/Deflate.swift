/// A zlib stream of so many zeros, about 160 times smaller: one literal, then repetitions of 258.
func packedZeros(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x78, 0xda]
    var held: UInt32 = 0
    var bits: UInt32 = 0
    bytes.reserveCapacity(count / 150)
    func put(_ value: UInt32, _ width: UInt32) {
        held |= value << bits
        bits += width
        while bits >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: held))
            held >>= 8
            bits -= 8
        }
    }
    put(0b011, 3)  // the last block, fixed codes
    func zero() { put(0b0000_1100, 8) }  // literal 0, 00110000 from its highest bit on
    zero()
    for _ in 0..<(count - 1) / 258 {
        put(0b1010_0011, 8)
        put(0, 5)
    }  // length 258 (11000101), distance 1
    for _ in 0..<(count - 1) % 258 { zero() }
    put(0, 7)  // the end
    if bits > 0 { put(0, 8 - bits) }
    // Adler-32 of zeros.
    return bytes + big(UInt32(count % 65521) << 16 | 1)
}

func big(_ value: UInt32) -> [UInt8] { little(value, 4).reversed() }

func pngChunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    return big(UInt32(data.count)) + body + big(crc32(body))
}

/// A black PNG; `colour` and `bits` as in its header.
func blackPNG(
    width: Int, height: Int, bits: Int = 8, colour: Int = 0, isInterlaced: Bool = false, packed: Int? = nil,
    extra: [UInt8] = []
) -> [UInt8] {
    let samples = [0: 1, 2: 3, 4: 2, 6: 4][colour]!
    let size = packed ?? height * (1 + width * samples * bits / 8)
    let header = big(UInt32(width)) + big(UInt32(height))
    return [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]
        + pngChunk("IHDR", header + [UInt8(bits), UInt8(colour), 0, 0, isInterlaced ? 1 : 0]) + extra
        + pngChunk("IDAT", packedZeros(size)) + pngChunk("IEND", [])
}

private let crcTable: [UInt32] = (0..<256).map { start in
    (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
}
