import Autograd
import Tensors
import TestSupport
import Testing

private struct Pooling: ScalarFunction {
    let isAverage: Bool
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [isAverage ? x[0].globalAveragePooled() : x[0].maxPooled(kernel: 3, stride: 2, padding: 1)]
    }
}

@Suite struct PoolingTests {
    @Test func theGradientGoesToTheFirstOfEqualElements() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([1, 2, 4, 1], [3, 3, 0, 1, 3, 2, 1, 1]))
        let y = x.maxPooled(kernel: 2, stride: 2)
        #expect(y.value.array == [3, 1])
        tape.backward(from: y, cotangent: Tensor([1, 1, 2, 1], [5, 7]))
        #expect(tape.gradient(of: x)?.array == [5, 0, 0, 7, 0, 0, 0, 0])
    }

    @Test func paddingNeverWins() {
        let x = Variable<Float>(Tensor([1, 2, 2, 1], repeating: -4))
        #expect(x.maxPooled(kernel: 3, stride: 1, padding: 1).value.array == [-4, -4, -4, -4])
    }

    @Test func overlappingWindowsAddTheirGradients() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([1, 1, 3, 1], [1, 9, 2]))
        let y = x.maxPooled(kernel: 3, stride: 1, padding: 1)
        #expect(y.value.array == [9, 9, 9])
        tape.backward(from: y, cotangent: Tensor(y.shape, [1, 2, 4]))
        #expect(tape.gradient(of: x)?.array == [0, 7, 0])
    }

    @Test func aNumberThatIsNoneComesThrough() {
        let x = Variable<Float>(Tensor([1, 2, 2, 1], [1, .nan, 3, 2]))
        #expect(x.maxPooled(kernel: 2, stride: 2).value.item.isNaN)
    }

    /// Windows of 2x2 have a kernel of their own; the last row and column of odd maps belong to none.
    @Test(arguments: [[2, 5, 7, 20], [3, 4, 9, 3], [1, 3, 2, 16]] as [Shape])
    func halvedMapsEqualTheDefinition(_ shape: Shape) {
        // Few different values, so that many are equal, and the first of them must get the gradient.
        let x = Tensor<Float>(shape, draws([shape], seed: 4)[0].array.map { ($0 * 2).rounded() })
        let tape = Tape<Float>()
        let leaf = tape.leaf(x)
        let y = leaf.maxPooled(kernel: 2, stride: 2)
        let g = draws([y.shape], seed: 5)[0]
        tape.backward(from: y, cotangent: g)
        let (values, gradients) = (x.array, g.array)
        var expected: [Float] = []
        var dx = [Float](repeating: 0, count: values.count)
        for n in 0..<shape[0] {
            for r in 0..<shape[1] / 2 {
                for c in 0..<shape[2] / 2 {
                    for k in 0..<shape[3] {
                        let places = [(0, 0), (0, 1), (1, 0), (1, 1)].map { i, j in
                            ((n * shape[1] + 2 * r + i) * shape[2] + 2 * c + j) * shape[3] + k
                        }
                        let best = places.dropFirst().reduce(places[0]) { values[$1] > values[$0] ? $1 : $0 }
                        dx[best] = gradients[expected.count]
                        expected.append(values[best])
                    }
                }
            }
        }
        #expect(y.value.array == expected)
        #expect(tape.gradient(of: leaf)?.array == dx)
    }

    @Test func averagesAreMeansOverTheMap() {
        let x = Variable<Float>(Tensor([2, 1, 2, 2], [1, 10, 3, 20, -1, 0, -3, 8]))
        #expect(x.globalAveragePooled().value.array == [2, 15, -2, 4])
    }

    @Test(arguments: [[3, 16, 15, 17], [40, 8, 8, 96]] as [Shape])
    func precisionAndThreads(_ input: Shape) {
        for pooling in [Pooling(isAverage: false), Pooling(isAverage: true)] {
            #expect(pooling.largestError([input]) < 2e-6)
            #expect(pooling.threadViolations([input]) == [])
        }
    }
}
