/// 128 bits that tell contents apart: equal for equal bytes, and for different ones by chance alone. No guard against
/// people who want two contents to look alike.
public struct ContentHash: Hashable, Sendable {
    private var first: UInt64
    private var second: UInt64

    /// The hash of a file's bytes.
    public init(of bytes: [UInt8]) {
        first = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        second = 0xC2B2_AE3D_27D4_EB4F &+ UInt64(bytes.count)
        let span = bytes.span.bytes
        var position = 0
        while position + 8 <= span.byteCount {
            add(span.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        var rest: UInt64 = 0
        for byte in bytes[position...] { rest = rest << 8 | UInt64(byte) }
        add(rest)
        add(0x5851_F42D_4C95_7F2D)
    }

    /// Both halves depend on all bits of both: the high half of a product brings high bits down.
    private mutating func add(_ word: UInt64) {
        let product = (first ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        let other = (second &+ word &* 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        first = product.low ^ other.high
        second = other.low ^ product.high &+ 0xE703_7ED1_A0B4_28DB
    }

    /// Of an image that is in no file: its size and pixels.
    public init(of image: Image) {
        let size = [image.width, image.height, image.channels].flatMap { value in
            (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        self.init(of: size + image.pixels)
    }
}
