import Autograd
import Tensors
import TestSupport
import Testing

private struct Arithmetic: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let positive = x[1].squared() + Variable(Tensor(1))
        return [
            x[0] + x[1], x[0] - x[1], x[0] * x[1], x[0] / positive, x[0].scaled(by: -1.5), x[0].sum(),
            x[0].reshaped([x[0].shape.elementCount]),
        ]
    }
}

@Suite struct ArithmeticTests {
    @Test func gradientsAreSummedOverStretchedAxes() throws {
        var random = Random(seed: 3, purpose: "stretched")
        let pairs: [(Shape, Shape)] = [
            ([2, 1, 3], [4, 1]), ([5], [2, 3, 5]), ([], [2, 2]), ([3, 1, 1], [3, 2, 4]), ([1, 2, 1, 3], [4, 1, 5, 1]),
            ([2, 3], [2, 3]), ([1], [1, 1]),
        ]
        for (shapeA, shapeB) in pairs {
            let tape = Tape<Double>()
            let a = tape.leaf(.normal(shapeA, from: &random))
            let b = tape.leaf(.normal(shapeB, from: &random))
            let y = a * b
            let g = Tensor<Double>.normal(y.shape, from: &random)
            tape.backward(from: y, cotangent: g)
            for (leaf, other) in [(a, b), (b, a)] {
                var sums = [Double](repeating: 0, count: leaf.shape.elementCount)
                for position in 0..<y.shape.elementCount {
                    let target = source(position, y.shape, leaf.shape)
                    sums[target] += g.array[position] * other.value.array[source(position, y.shape, other.shape)]
                }
                let gradient = try #require(tape.gradient(of: leaf))
                #expect(gradient.shape == leaf.shape)
                #expect(relativeError(gradient, Tensor(leaf.shape, sums)) < 1e-13, "\(shapeA), \(shapeB)")
            }
        }
    }

    /// The element of an operand that element `position` of the stretched result reads.
    private func source(_ position: Int, _ result: Shape, _ operand: Shape) -> Int {
        var (rest, stride, element) = (position, 1, 0)
        for axis in 0..<result.rank {
            let index = rest % result[result.rank - 1 - axis]
            rest /= result[result.rank - 1 - axis]
            guard axis < operand.rank else { continue }
            let extent = operand[operand.rank - 1 - axis]
            if extent > 1 { element += index * stride }
            stride *= extent
        }
        return element
    }

    @Test(
        arguments: [[[3, 5, 17], [17]], [[7, 1, 33], [7, 9, 1]], [[1], [1]], [[40, 700], [40, 700]]] as [[Shape]])
    func floatEqualsDouble(shapes: [Shape]) {
        #expect(Arithmetic().largestError(shapes) < 2e-6)
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Arithmetic().threadViolations([[9, 61, 97], [9, 61, 97]]) == [])
        #expect(Arithmetic().threadViolations([[9, 61, 97], [61, 1]]) == [])
    }
}
