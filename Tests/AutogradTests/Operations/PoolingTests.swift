import Autograd
import Tensors
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
