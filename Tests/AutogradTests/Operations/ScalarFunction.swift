import Autograd
import Synchronization
import Tensors

/// The pool is shared by all tests; only one at a time sets its number of threads.
private let threadCountLock = Mutex(())

/// A function of tensors that runs for every scalar type, so that `Float` kernels can be held against `Double` ones.
protocol ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>]
}

extension ScalarFunction {
    /// The results for operands drawn from the normal distribution, then the gradients of all operands under random
    /// cotangents.
    func run<S: Scalar>(_ shapes: [Shape], scale: Double = 1, as type: S.Type, unused: Set<Int> = []) -> [Tensor<S>] {
        var random = Random(seed: 1, purpose: "scalar function")
        let tape = Tape<S>()
        let leaves = shapes.map {
            tape.leaf(Tensor<Double>.normal($0, deviation: scale, from: &random).converted(to: S.self))
        }
        let results = self(leaves)
        let cotangents = results.map { Tensor<Double>.normal($0.shape, from: &random).converted(to: S.self) }
        let weighted = zip(results, cotangents).enumerated()
            .filter { !unused.contains($0.offset) }.map { ($0.element.0, $0.element.1) }
        tape.backward(from: weighted)
        return results.map(\.value) + leaves.map { tape.gradient(of: $0) ?? .zeros($0.shape) }
    }

    /// The largest difference between `Float` and `Double` of all results and gradients, each relative to the largest
    /// element of its tensor.
    func largestError(_ shapes: [Shape], scale: Double = 1, unused: Set<Int> = []) -> Double {
        let fast = run(shapes, scale: scale, as: Float.self, unused: unused)
        let reference = run(shapes, scale: scale, as: Double.self, unused: unused)
        return zip(fast, reference).map { relativeDifference($0.converted(to: Double.self), $1) }.max() ?? 0
    }

    /// Whether one thread and two give the same bits.
    func isIndependentOfThreads(_ shapes: [Shape]) -> Bool {
        threadCountLock.withLock { _ in
            let pool = ThreadPool.shared
            let threads = pool.threads
            defer { pool.threads = threads }
            pool.threads = 1
            let one = run(shapes, as: Float.self)
            pool.threads = 2
            let two = run(shapes, as: Float.self)
            return zip(one, two).allSatisfy { $0.array.map(\.bitPattern) == $1.array.map(\.bitPattern) }
        }
    }
}

/// max |a - b| / max |b|.
func relativeDifference(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    var (difference, largest) = (0.0, 1e-30)
    for (x, y) in zip(a.array, b.array) {
        let d = abs(x - y)
        difference = d.isNaN ? .infinity : max(difference, d)
        largest = max(largest, abs(y))
    }
    return difference / largest
}
