import Synchronization
import Tensors

// Loops over many elements are here, since this is built with the optimiser and the tests that call them are not.

/// Tensors from the standard normal distribution. The last ones are kept, since a test asks for the same on every number
/// of threads and in every precision.
package func draws(_ shapes: [Shape], seed: UInt64) -> [Tensor<Float>] {
    let known = recent.withLock { $0.last { $0.seed == seed && $0.shapes == shapes } }
    if let known { return known.tensors }
    var random = Random(seed: seed, purpose: "test")
    let tensors = shapes.map { shape in
        Tensor<Float>(shape) { target in
            for index in 0..<shape.elementCount { target[index] = Float(random.normal()) }
        }
    }
    recent.withLock { $0 = $0.suffix(3) + [Drawn(shapes: shapes, seed: seed, tensors: tensors)] }
    return tensors
}

private struct Drawn {
    var shapes: [Shape]
    var seed: UInt64
    var tensors: [Tensor<Float>]
}

private let recent = Mutex<[Drawn]>([])

/// Draws of a fixed seed.
package func operands(_ shapes: [Shape], seed: UInt64 = 3) -> [Tensor<Float>] { draws(shapes, seed: seed) }

/// The same numbers in another precision.
package func cast<S: Scalar>(_ x: Tensor<Float>, to type: S.Type) -> Tensor<S> {
    if let same = x as? Tensor<S> { return same }
    if let exact = Tensor<Double>(x.shape, x.array.map { Double($0) }) as? Tensor<S> { return exact }
    return x.converted(to: type)
}

/// max |a - b| / max |b|, whatever the size of b; max |a| where b is zero; infinite where either is not finite or the
/// shapes differ.
package func relativeError<S: Scalar>(_ a: Tensor<S>, _ b: Tensor<Double>) -> Double {
    guard a.shape == b.shape else { return .infinity }
    var (largest, difference) = (0.0, 0.0)
    for (x, y) in zip(doubles(a), b.array) {
        guard x.isFinite, y.isFinite else { return .infinity }
        largest = max(largest, abs(y))
        difference = max(difference, abs(x - y))
    }
    return largest > 0 ? difference / largest : difference
}

/// <a, b>.
package func innerProduct<S: Scalar>(_ a: Tensor<S>, _ b: Tensor<S>) -> Double {
    zip(doubles(a), doubles(b)).reduce(0) { $0 + $1.0 * $1.1 }
}

/// By kinds, because a loop that is generic over the scalar takes far longer.
private func doubles<S: Scalar>(_ x: Tensor<S>) -> [Double] {
    if let same = x as? Tensor<Double> { return same.array }
    if let single = x as? Tensor<Float> { return single.array.map { Double($0) } }
    return x.array.map { Double($0) }
}
