import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct TransposeTests {
    /// What transposing means, element by element.
    private func transposed(_ x: Tensor<Float>, _ axes: [Int]) -> [Float] {
        let shape = Shape(axes.map { x.shape[$0] })
        let values = x.array
        return (0..<x.elementCount).map { position in
            var index = [Int](repeating: 0, count: axes.count)
            var rest = position
            for axis in axes.indices.reversed() {
                index[axes[axis]] = rest % shape[axis]
                rest /= shape[axis]
            }
            return values[zip(index, x.shape.dimensions).reduce(0) { $0 * $1.1 + $1.0 }]
        }
    }

    @Test func elementsGoWhereTheirAxesGo() {
        let cases: [(Shape, [Int])] = [
            ([3, 49, 4, 32], [0, 2, 1, 3]), ([3, 4, 49, 32], [0, 2, 1, 3]), ([2, 17, 5, 24], [0, 2, 1, 3]),
            ([37, 53], [1, 0]), ([300, 200], [1, 0]), ([2, 9, 11, 96], [0, 3, 1, 2]), ([2, 96, 9, 11], [0, 2, 3, 1]),
            ([2, 3, 4, 5, 6], [4, 2, 0, 3, 1]), ([1, 5, 1], [2, 0, 1]), ([7], [0]), ([], []),
            ([3, 49, 3, 2, 16], [2, 0, 3, 1, 4]), ([2, 3, 4], [0, 1, 2]),
        ]
        for (shape, axes) in cases {
            let x = operands([shape])[0]
            let y = x.transposed(axes)
            #expect(y.shape == Shape(axes.map { shape[$0] }), "\(shape) \(axes)")
            #expect(y.array == transposed(x, axes), "\(shape) \(axes)")
            #expect(x.converted(to: Double.self).transposed(axes).array.map { Float($0) } == y.array)
        }
    }

    @Test func theGradientIsTheAdjoint() {
        let inputs = operands([[3, 7, 5, 4], [3, 5, 7, 4]])
        let tape = Tape<Float>()
        let x = tape.leaf(inputs[0])
        tape.backward(from: x.transposed([0, 2, 1, 3]), cotangent: inputs[1])
        #expect(tape.gradient(of: x)?.array == transposed(inputs[1], [0, 2, 1, 3]))
    }

    @Test func resultsDoNotDependOnThreads() {
        expectSameOnAnyThreads(operands([[4, 6, 99, 32]]), "transpose") { [$0[0].transposed([0, 2, 1, 3])] }
    }
}
