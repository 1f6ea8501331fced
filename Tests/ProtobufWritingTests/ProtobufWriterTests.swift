import ProtobufWriting
import Testing

/// The bytes that the encoding's specification asks for, written out by hand.
@Test func fieldsHaveTheSpecifiedBytes() {
    func bytes(_ body: (inout ProtobufWriter) -> Void) -> [UInt8] { ProtobufWriter.message(body) }
    #expect(bytes { $0.integer(1, 150) } == [0x08, 0x96, 0x01])
    #expect(bytes { $0.integer(1, -1) } == [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
    #expect(bytes { $0.integer(16, 0) } == [0x80, 0x01, 0x00])
    #expect(bytes { $0.bool(3, true) } == [0x18, 0x01])
    #expect(bytes { $0.string(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
    #expect(bytes { $0.float(1, 1) } == [0x0D, 0, 0, 0x80, 0x3F])
    #expect(bytes { $0.double(1, -2) } == [0x09, 0, 0, 0, 0, 0, 0, 0, 0xC0])
    #expect(bytes { $0.message(3) { $0.integer(1, 150) } } == [0x1A, 0x03, 0x08, 0x96, 0x01])
    #expect(bytes { $0.integers(4, [3, 270, 86942]) } == [0x22, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05])
    #expect(bytes { $0.floats(1, [1]) } == [0x0A, 0x04, 0, 0, 0x80, 0x3F])
    #expect(bytes { $0.doubles(1, []) } == [0x0A, 0x00])
}

@Test func longContentsHaveLongLengths() {
    let text = [UInt8](repeating: 7, count: 300)
    #expect(ProtobufWriter.message { $0.bytes(1, text) } == [0x0A, 0xAC, 0x02] + text)
    #expect(ProtobufWriter.header(1, length: 300) + text == ProtobufWriter.message { $0.bytes(1, text) })
}
