// Tensors: arrays, threads, random numbers and what the machine offers; nothing here has a gradient.

/// An immutable array of numbers in row-major order, of any rank. Copying it copies a reference.
public struct Tensor<S: Scalar>: @unchecked Sendable {
    /// What holds the elements; several tensors may share it.
    public package(set) var storage: Storage<S>
    /// Where in the storage the first element is.
    public let offset: Int
    /// The extent of each axis.
    public let shape: Shape

    /// A window of a storage: `shape.elementCount` elements from `offset` on.
    public init(storage: Storage<S>, offset: Int, shape: Shape) {
        require(
            offset >= 0 && offset + shape.elementCount <= storage.count, "Tensor", [shape],
            "elements \(offset)..<\(offset + shape.elementCount) must lie in a storage of \(storage.count)")
        self.storage = storage
        self.offset = offset
        self.shape = shape
    }

    /// A tensor whose elements `body` writes, every one of them.
    @inlinable
    public init(_ shape: Shape, initializedBy body: (UnsafeMutablePointer<S>) -> Void) {
        let storage = Storage<S>(count: shape.elementCount)
        body(storage.pointer)
        self.init(storage: storage, offset: 0, shape: shape)
    }

    /// A tensor of these elements, as many as the shape has.
    public init(_ shape: Shape, _ values: [S]) {
        require(
            values.count == shape.elementCount, "Tensor", [shape],
            "got \(values.count) values for \(shape.elementCount)")
        self.init(shape) { $0.initialize(from: values, count: values.count) }
    }

    /// A tensor of equal elements.
    public init(_ shape: Shape, repeating value: S) {
        self.init(shape) { $0.initialize(repeating: value, count: shape.elementCount) }
    }

    /// A scalar.
    public init(_ value: S) { self.init([], repeating: value) }

    /// A tensor of zeros.
    public static func zeros(_ shape: Shape) -> Tensor { Tensor(shape, repeating: 0) }

    /// Independent draws from a normal distribution, in row-major order.
    public static func normal(_ shape: Shape, mean: Double = 0, deviation: Double = 1, from random: inout Random)
        -> Tensor
    {
        Tensor(shape, (0..<shape.elementCount).map { _ in S(mean + deviation * random.normal()) })
    }

    /// Independent draws from [low, high), in row-major order.
    public static func uniform(_ shape: Shape, _ low: Double, _ high: Double, from random: inout Random) -> Tensor {
        Tensor(shape, (0..<shape.elementCount).map { _ in S(random.uniform(low, high)) })
    }

    /// The number of elements.
    @inlinable
    public var elementCount: Int { shape.elementCount }

    /// The only element of a tensor that has one.
    public var item: S {
        require(elementCount == 1, "item", [shape], "the tensor must have one element")
        return read { $0[0] }
    }

    /// Writes the elements to memory of the caller's, over all threads.
    public func copy(into destination: UnsafeMutablePointer<S>) {
        read { x in
            parallelFor(elementCount, grain: elementGrain) {
                (destination + $0.lowerBound).update(from: x + $0.lowerBound, count: $0.count)
            }
        }
    }

    /// Adds the elements to those in memory of the caller's, over all threads.
    public func add(into destination: UnsafeMutablePointer<S>) {
        read { x in
            parallelFor(elementCount, grain: elementGrain) {
                S.accumulate(x + $0.lowerBound, destination + $0.lowerBound, $0.count)
            }
        }
    }

    /// The first element. The caller keeps the tensor alive while it uses the pointer.
    var start: UnsafePointer<S> { UnsafePointer(storage.pointer + offset) }

    /// A copy of the elements, in row-major order.
    public var array: [S] { read { Array(UnsafeBufferPointer(start: $0, count: elementCount)) } }

    /// Lends the elements; the pointer is valid inside `body` only.
    @inlinable
    public func read<R>(_ body: (UnsafePointer<S>) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer + offset)) }
    }

    /// The same elements under another shape.
    public func reshaped(_ newShape: Shape) -> Tensor {
        require(
            newShape.elementCount == elementCount, "reshape", [shape, newShape],
            "both shapes must have as many elements")
        return Tensor(storage: storage, offset: offset, shape: newShape)
    }

    /// Elements converted one by one.
    public func converted<T: Scalar>(to type: T.Type) -> Tensor<T> {
        Tensor<T>(shape) { out in
            read { source in
                // The compiler makes a loop of its own for the types that are asked for most.
                if S.self == Float.self, T.self == Double.self {
                    let (floats, doubles) = (
                        UnsafeRawPointer(source).assumingMemoryBound(to: Float.self),
                        UnsafeMutableRawPointer(out).assumingMemoryBound(to: Double.self)
                    )
                    for i in 0..<elementCount { doubles[i] = Double(floats[i]) }
                } else {
                    for i in 0..<elementCount { out[i] = T(source[i]) }
                }
            }
        }
    }
}

/// Lends the elements of several tensors at once.
@inlinable
package func withElements<S, R>(
    _ a: Tensor<S>, _ b: Tensor<S>, _ body: (UnsafePointer<S>, UnsafePointer<S>) throws -> R
) rethrows -> R {
    try a.read { a in try b.read { b in try body(a, b) } }
}

@inlinable
package func withElements<S, R>(
    _ a: Tensor<S>, _ b: Tensor<S>, _ c: Tensor<S>,
    _ body: (UnsafePointer<S>, UnsafePointer<S>, UnsafePointer<S>) throws -> R
) rethrows -> R {
    try a.read { a in try b.read { b in try c.read { c in try body(a, b, c) } } }
}

@inlinable
package func withElements<S, R>(
    _ a: Tensor<S>, _ b: Tensor<S>, _ c: Tensor<S>, _ d: Tensor<S>,
    _ body: (UnsafePointer<S>, UnsafePointer<S>, UnsafePointer<S>, UnsafePointer<S>) throws -> R
) rethrows -> R {
    try a.read { a in try b.read { b in try c.read { c in try d.read { d in try body(a, b, c, d) } } } }
}

extension Tensor {
    /// Adds `other` to this tensor, in its own memory when nobody else can see it.
    package mutating func accumulate(_ other: Tensor) {
        require(shape == other.shape, "accumulate", [shape, other.shape], "the shapes must be equal")
        guard isKnownUniquelyReferenced(&storage) else {
            self = self + other
            return
        }
        let sums = storage.pointer + offset
        other.read { x in
            parallelFor(elementCount, grain: elementGrain) {
                S.accumulate(x + $0.lowerBound, sums + $0.lowerBound, $0.count)
            }
        }
    }
}
