import Tensors

/// A named tensor as a file holds it: type, shape and little-endian bytes in row-major order.
public struct StoredTensor: Sendable, Equatable {
    /// The name in the file.
    public let name: String
    /// The type of its elements.
    public let type: ElementType
    /// The extent of each axis, outermost first.
    public let shape: [Int]
    /// The elements in row-major order, little-endian.
    public let bytes: [UInt8]

    /// The number of elements.
    public var count: Int { bytes.count / type.size }

    /// A tensor of raw bytes; their number must be what the type and the shape ask for.
    public init(name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
        require(
            type.byteCount(shape: shape) == bytes.count, "StoredTensor",
            "shape \(shape) of \(type) does not take the \(bytes.count) bytes of '\(name)'")
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    /// A tensor of single precision.
    public init(name: String, shape: [Int], floats: [Float]) {
        self.init(name: name, type: .float32, shape: shape, bytes: floats.withUnsafeBytes(Array.init))
    }

    /// A tensor of double precision.
    public init(name: String, shape: [Int], doubles: [Double]) {
        self.init(name: name, type: .float64, shape: shape, bytes: doubles.withUnsafeBytes(Array.init))
    }

    /// A tensor of 64-bit integers, such as PyTorch's `num_batches_tracked`.
    public init(name: String, shape: [Int], integers: [Int]) {
        self.init(
            name: name, type: .int64, shape: shape, bytes: integers.map(Int64.init).withUnsafeBytes(Array.init))
    }

    /// The same tensor under another name.
    public func renamed(_ name: String) -> StoredTensor {
        StoredTensor(name: name, type: type, shape: shape, bytes: bytes)
    }

    /// The elements of any floating-point type as `Float`; exact but for `float64`, which is rounded.
    /// - Throws: `CheckpointError` when the tensor holds integers.
    public func floats() throws -> [Float] {
        switch type {
        case .float32: elements(Float.self)
        case .float64: elements(Double.self).map(Float.init)
        case .float16: elements(UInt16.self).map(floatFromHalf)
        case .bfloat16: elements(UInt16.self).map(floatFromBrain)
        default: throw unexpected("floating-point numbers")
        }
    }

    /// The elements of any floating-point type as `Double`, exactly.
    /// - Throws: `CheckpointError` when the tensor holds integers.
    public func doubles() throws -> [Double] {
        type == .float64 ? elements(Double.self) : try floats().map(Double.init)
    }

    /// The elements of any integer type, or of `bool` as 0 and 1.
    /// - Throws: `CheckpointError` when the tensor holds floating-point numbers or an integer beyond `Int`.
    public func integers() throws -> [Int] {
        switch type {
        case .int64: return elements(Int64.self).map(Int.init)
        case .int32: return elements(Int32.self).map(Int.init)
        case .int16: return elements(Int16.self).map(Int.init)
        case .int8: return elements(Int8.self).map(Int.init)
        case .uint32: return elements(UInt32.self).map(Int.init)
        case .uint16: return elements(UInt16.self).map(Int.init)
        case .uint8: return bytes.map(Int.init)
        case .bool: return bytes.map { $0 == 0 ? 0 : 1 }
        case .uint64:
            return try elements(UInt64.self).map {
                guard let value = Int(exactly: $0) else { throw unexpected("integers below 2^63") }
                return value
            }
        default: throw unexpected("integers")
        }
    }

    private func unexpected(_ expected: String) -> CheckpointError {
        CheckpointError("tensor \(name)", "holds \(type), expected \(expected)")
    }

    private func elements<Element: BitwiseCopyable>(_: Element.Type) -> [Element] {
        Array(unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
            filled = count
        }
    }
}
