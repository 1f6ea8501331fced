import Tensors

/// Numbers and texts as bytes, for messages between ranks of one program: what is written is read in the same order.
package struct ByteMessage {
    package private(set) var bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    /// Whether something is left to be read.
    package var hasMore: Bool { position < bytes.count }

    package mutating func add(_ value: Int) {
        withUnsafeBytes(of: UInt64(bitPattern: Int64(value)).littleEndian) { bytes += $0 }
    }
    package mutating func add(_ value: Double) { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 } }

    package mutating func add(_ text: String) { add([UInt8](text.utf8)) }

    package mutating func add(_ other: [UInt8]) {
        add(other.count)
        bytes += other
    }

    /// In the order of bytes of this machine, which ranks share.
    package mutating func add(_ values: UnsafeBufferPointer<Float>) {
        add(values.count)
        bytes += UnsafeRawBufferPointer(values)
    }

    package mutating func integer() -> Int { Int(Int64(bitPattern: word())) }
    package mutating func number() -> Double { Double(bitPattern: word()) }
    package mutating func text() -> String { String(decoding: array(), as: UTF8.self) }

    package mutating func array() -> [UInt8] {
        let count = integer()
        return Array(take(count))
    }

    package mutating func floats() -> [Float] {
        let count = integer()
        let source = take(4 * count)
        return [Float](unsafeUninitializedCapacity: count) { target, filled in
            UnsafeMutableRawBufferPointer(target).copyBytes(from: source)
            filled = count
        }
    }

    private mutating func word() -> UInt64 {
        take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        require(count >= 0 && count <= bytes.count - position, "ByteMessage", "the message is shorter than expected")
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// With its shape.
    package mutating func add(_ tensor: Tensor<Float>) {
        add(tensor.shape.dimensions.count)
        for size in tensor.shape.dimensions { add(size) }
        tensor.read { add(UnsafeBufferPointer(start: $0, count: tensor.elementCount)) }
    }

    package mutating func tensor() -> Tensor<Float> {
        let rank = integer()
        let sizes = (0..<rank).map { _ in integer() }
        return Tensor(Shape(sizes), floats())
    }
}
