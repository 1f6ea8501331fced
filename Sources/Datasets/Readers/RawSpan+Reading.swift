/// How files of data sets are read: nothing that a file says about itself leads beyond its bytes.
extension RawSpan {
    /// The byte at an offset; nil where there is none.
    func byte(at offset: Int) -> UInt8? {
        byteOffsets.contains(offset) ? unsafeLoad(fromByteOffset: offset, as: UInt8.self) : nil
    }

    /// The number in the four bytes from an offset on, the highest first; nil where there are not as many.
    func bigEndian(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= byteCount - 4 else { return nil }
        return UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
