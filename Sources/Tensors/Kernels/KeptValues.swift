import CKernels

/// What `KeptValues` asks of an element type.
public protocol KeptValueKernels {
    /// Rounds values to bfloat16.
    static func halve(_ x: UnsafePointer<Self>, into halves: UnsafeMutablePointer<UInt16>, count: Int)
    /// The values that halves stand for.
    static func widen(_ halves: UnsafePointer<UInt16>, into x: UnsafeMutablePointer<Self>, count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: KeptValueKernels {
    public static func halve(_ x: UnsafePointer<Float>, into halves: UnsafeMutablePointer<UInt16>, count: Int) {
        hb_halve(x, halves, count)
    }
    public static func widen(_ halves: UnsafePointer<UInt16>, into x: UnsafeMutablePointer<Float>, count: Int) {
        hb_widen(halves, x, count)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: KeptValueKernels {
    public static func halve(_ x: UnsafePointer<Double>, into halves: UnsafeMutablePointer<UInt16>, count: Int) {
        for i in 0..<count {
            var value = Float(x[i])
            hb_halve(&value, halves + i, 1)
        }
    }
    public static func widen(_ halves: UnsafePointer<UInt16>, into x: UnsafeMutablePointer<Double>, count: Int) {
        for i in 0..<count { x[i] = Double(Float(bitPattern: UInt32(halves[i]) << 16)) }
    }
}

/// Values of a forward pass that its gradient will read again: in bfloat16 where the step's products are of bfloat16, which
/// takes half the memory, and otherwise as they are. Automatic mixed precision of other frameworks keeps as much.
package struct KeptValues<S: Scalar>: Sendable {
    package let shape: Shape
    /// Exactly one of the two is there.
    private let tensor: Tensor<S>?
    private let storage: Storage<S>?

    /// Whether values of this type are halved that are kept now.
    package static var areHalved: Bool {
        S.self == Float.self && ProductPrecision.current == .bfloat16 && ProductPrecision.hasBFloat16
    }

    /// Keeps a tensor.
    ///
    /// - Parameter halved: whether in bfloat16, for the sake of tests; `areHalved` by default.
    package init(_ tensor: Tensor<S>, halved: Bool = Self.areHalved) {
        self.init(tensor.shape, tensor: halved ? nil : tensor)
        guard halved else { return }
        parallelFor(shape.elementCount, grain: elementGrain) {
            keep(tensor.start + $0.lowerBound, at: $0.lowerBound, count: $0.count)
        }
        withExtendedLifetime(tensor) {}
    }

    /// Room for halves, to be filled by `keep` before anybody reads them.
    package init(roomFor shape: Shape) { self.init(shape, tensor: nil) }

    private init(_ shape: Shape, tensor: Tensor<S>?) {
        (self.shape, self.tensor) = (shape, tensor)
        storage = tensor == nil ? Storage<S>(count: Self.elements(halves: shape.elementCount)) : nil
    }

    /// Elements of S that so many halves take.
    private static func elements(halves: Int) -> Int {
        (2 * halves + MemoryLayout<S>.stride - 1) / MemoryLayout<S>.stride
    }

    private var halves: UnsafeMutablePointer<UInt16>? {
        storage.map { UnsafeMutableRawPointer($0.pointer).assumingMemoryBound(to: UInt16.self) }
    }

    /// Whether reading takes scratch memory.
    package var isHalved: Bool { storage != nil }

    /// Rounds values into the room, the first one to the element `start`.
    func keep(_ values: UnsafePointer<S>, at start: Int, count: Int) {
        if let halves { S.halve(values, into: halves + start, count: count) }
    }

    /// A range of the values: where they are or, widened, in `scratch`, which has room for them.
    func read(_ range: Range<Int>, _ scratch: UnsafeMutablePointer<S>) -> UnsafePointer<S> {
        guard let halves else { return (tensor?.start ?? UnsafePointer(scratch)) + range.lowerBound }
        S.widen(halves + range.lowerBound, into: scratch, count: range.count)
        return UnsafePointer(scratch)
    }

    /// All values.
    package var whole: Tensor<S> {
        if let tensor { return tensor }
        let widened = Tensor<S>(shape) { x in
            parallelFor(shape.elementCount, grain: elementGrain) { _ = read($0, x + $0.lowerBound) }
        }
        withExtendedLifetime(self) {}
        return widened
    }
}
