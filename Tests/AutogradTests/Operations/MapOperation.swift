import Autograd
import Tensors
import Testing

/// An operation on maps with the operands of one test, to be run in any precision.
struct MapOperation {
    var operands: [Tensor<Double>]
    var single: ([Variable<Float>]) -> Variable<Float>
    var double: ([Variable<Double>]) -> Variable<Double>

    init(
        _ shapes: [Shape], _ single: @escaping ([Variable<Float>]) -> Variable<Float>,
        _ double: @escaping ([Variable<Double>]) -> Variable<Double>
    ) {
        var random = Random(seed: 7, purpose: "maps")
        operands = shapes.map { .normal($0, from: &random) }
        self.single = single
        self.double = double
    }

    /// The result, its cotangent and the gradient of each operand.
    static func run<S: Scalar>(
        _ operands: [Tensor<Double>], _ function: ([Variable<S>]) -> Variable<S>
    ) -> (result: Tensor<S>, cotangent: Tensor<S>, gradients: [Tensor<S>]) {
        let tape = Tape<S>()
        let leaves = operands.map { tape.leaf($0.converted(to: S.self)) }
        let result = function(leaves)
        var random = Random(seed: 8, purpose: "cotangent")
        let cotangent = Tensor<Double>.normal(result.shape, from: &random).converted(to: S.self)
        tape.backward(from: result, cotangent: cotangent)
        return (result.value, cotangent, leaves.compactMap { tape.gradient(of: $0) })
    }

    /// The largest error of the result and of each gradient in single precision, relative to the largest element.
    func singlePrecisionErrors() -> [Double] {
        let fast = MapOperation.run(operands, single)
        let plain = MapOperation.run(operands, double)
        return zip([fast.result] + fast.gradients, [plain.result] + plain.gradients).map {
            MapOperation.error($0.converted(to: Double.self), $1)
        }
    }

    /// The elements of the result and of each gradient under that number of threads.
    func bits(threads: Int) -> [[UInt32]] {
        let before = ThreadPool.shared.threads
        ThreadPool.shared.threads = threads
        defer { ThreadPool.shared.threads = before }
        let run = MapOperation.run(operands, single)
        return ([run.result] + run.gradients).map { $0.array.map(\.bitPattern) }
    }

    static func error(_ found: Tensor<Double>, _ expected: Tensor<Double>) -> Double {
        guard found.shape == expected.shape else { return .infinity }
        var (difference, largest) = (0.0, 1e-30)
        for (a, b) in zip(found.array, expected.array) {
            difference = a.isNaN ? .infinity : max(difference, abs(a - b))
            largest = max(largest, abs(b))
        }
        return difference / largest
    }

    static func product(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
        (zip(a.array, b.array).map(*)).reduce(0, +)
    }
}
