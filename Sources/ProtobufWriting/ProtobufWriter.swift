// ProtobufWriting: fields of protocol buffers as bytes, for ONNX and for event files, which are no concern of it.

/// Writes the wire format of Protocol Buffers: the few kinds of fields that event files and exchanged models consist of.
///
/// A field is written where it is asked for; fields that hold their default are left out by the caller. Equal calls
/// give equal bytes.
public struct ProtobufWriter: Sendable {
    /// What was written so far: the fields of one message without a length before it.
    public private(set) var bytes: [UInt8] = []

    /// An empty message.
    public init() {}

    /// The bytes of a message whose fields `body` writes.
    public static func message(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        body(&writer)
        return writer.bytes
    }

    /// `int32`, `int64`, `enum` and, by its bit pattern, `uint64`.
    public mutating func integer(_ field: Int, _ value: Int) {
        tag(field, 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    /// `bool`.
    public mutating func bool(_ field: Int, _ value: Bool) { integer(field, value ? 1 : 0) }

    /// `float`.
    public mutating func float(_ field: Int, _ value: Float) {
        tag(field, 5)
        fixed(value.bitPattern)
    }

    /// `double`.
    public mutating func double(_ field: Int, _ value: Double) {
        tag(field, 1)
        fixed(value.bitPattern)
    }

    /// `string`.
    public mutating func string(_ field: Int, _ value: String) { self.bytes(field, Array(value.utf8)) }

    /// `bytes`, and a message that is encoded already.
    public mutating func bytes(_ field: Int, _ value: [UInt8]) {
        tag(field, 2)
        varint(UInt64(value.count))
        bytes += value
    }

    /// What stands before `length` bytes of a field of the kind `bytes`, for contents too large to be copied.
    public static func header(_ field: Int, length: Int) -> [UInt8] {
        message { writer in
            writer.tag(field, 2)
            writer.varint(UInt64(length))
        }
    }

    /// A message within this one.
    public mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        bytes(field, Self.message(body))
    }

    /// Packed `repeated int64`.
    public mutating func integers(_ field: Int, _ values: [Int]) {
        packed(field) { writer in for value in values { writer.varint(UInt64(bitPattern: Int64(value))) } }
    }

    /// Packed `repeated float`.
    public mutating func floats(_ field: Int, _ values: [Float]) {
        packed(field) { writer in for value in values { writer.fixed(value.bitPattern) } }
    }

    /// Packed `repeated double`.
    public mutating func doubles(_ field: Int, _ values: [Double]) {
        packed(field) { writer in for value in values { writer.fixed(value.bitPattern) } }
    }

    private mutating func packed(_ field: Int, _ body: (inout ProtobufWriter) -> Void) { message(field, body) }

    private mutating func tag(_ field: Int, _ wireType: UInt64) { varint(UInt64(field) << 3 | wireType) }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func fixed<Bits: FixedWidthInteger>(_ value: Bits) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}
