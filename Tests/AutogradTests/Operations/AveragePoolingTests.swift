import Autograd
import Tensors
import TestSupport
import Testing

private struct Pooling: ScalarFunction {
    var counts = true
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].volumeAveragePooled(kernel: Triple(3, 2, 3), stride: 2, padding: 1, countsPadding: counts)]
    }
}

@Suite struct AveragePoolingTests {
    @Test func smallExamplesComeOut() {
        let x = Variable<Double>(Tensor([1, 3, 3, 1], (1...9).map { Double($0) }))
        #expect(x.averagePooled(kernel: 2, stride: 1).value.array == [3, 4, 6, 7])
        #expect(x.averagePooled(kernel: 3, stride: 2).value.array == [5])
        func close(_ found: Variable<Double>, _ expected: [Double]) -> Bool {
            zip(found.value.array, expected).allSatisfy { abs($0 - $1) < 1e-14 } && expected.count == found.shape[1] * 2
        }
        // Corners have 1 + 2 + 4 + 5 and so on of nine taps, or of the four that are inside.
        let padded = x.averagePooled(kernel: 3, stride: 2, padding: 1)
        let sums: [Double] = [12, 16, 24, 28]
        #expect(close(padded, sums.map { $0 / 9 }))
        #expect(close(x.averagePooled(kernel: 3, stride: 2, padding: 1, countsPadding: false), [3, 4, 6, 7]))
    }

    /// The same as a depthwise convolution with equal weights.
    @Test func meansAreAConvolution() {
        let x = Variable(operands([[2, 7, 6, 5]])[0])
        let weight = Variable(Tensor<Float>([5, 3, 3, 1], repeating: 1.0 / 9))
        let expected = x.convolution(weight, nil, stride: 2, padding: 1, groups: 5)
        let found = x.averagePooled(kernel: 3, stride: 2, padding: 1)
        #expect(relativeError(found.value, cast(expected.value, to: Double.self)) < 1e-6)
    }

    @Test func aGlobalMeanIsTheLargestWindow() {
        let x = Variable(operands([[2, 3, 4, 5, 6]])[0])
        let found = x.volumeAveragePooled(kernel: Triple(3, 4, 5), stride: 1).value.reshaped([2, 6])
        #expect(relativeError(found, cast(x.globalAveragePooled().value, to: Double.self)) < 1e-6)
    }

    @Test func precisionThreadsAndAdjoint() {
        for counts in [true, false] {
            for input in [[3, 4, 9, 7, 17], [2, 8, 8, 8, 32], [40, 3, 4, 4, 3]] as [Shape] {
                let pooling = Pooling(counts: counts)
                #expect(pooling.largestError([input]) < 2e-6)
                #expect(pooling.threadViolations([input]) == [])
                let run = pooling.evaluation([input], as: Double.self)
                let forward = innerProduct(run.outputs[0], run.cotangents[0])
                let back = innerProduct(cast(operands([input])[0], to: Double.self), run.gradients[0])
                #expect(abs(forward - back) < 1e-10 * max(1, abs(forward)))
            }
        }
    }
}
