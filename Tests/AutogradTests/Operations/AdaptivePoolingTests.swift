import Autograd
import Tensors
import TestSupport
import Testing

private struct Pool: ScalarFunction {
    let size: Pair
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].averagePooled(to: size)] }
}

@Suite struct AdaptivePoolingTests {
    /// Windows from floor(i H / h) to ceil((i + 1) H / h), as PyTorch has them.
    @Test func averagesOfUnevenWindowsOverlap() {
        let x = Variable<Double>(Tensor([1, 1, 5, 1], [1, 2, 3, 4, 5]))
        let found = x.averagePooled(to: Pair(1, 3)).value
        #expect(relativeError(found, Tensor([1, 1, 3, 1], [1.5, 3, 4.5])) < 1e-14)
        let even = Variable<Double>(Tensor([1, 2, 4, 1], [1, 3, 5, 7, 1, 3, 5, 7])).averagePooled(to: Pair(1, 2)).value
        #expect(relativeError(even, Tensor([1, 1, 2, 1], [2, 6])) < 1e-14)
    }

    @Test func smallExamplesComeOut() {
        let x = Variable<Double>(Tensor([1, 7, 7, 1], (0..<49).map { Double($0) }))
        #expect(x.averagePooled(to: 2).value.array == [12, 15, 33, 36])
        #expect(x.averagePooled(to: 3).value.array == [8, 10, 12, 22, 24, 26, 36, 38, 40])
        #expect(x.averagePooled(to: 1).value.array == [24])
        #expect(x.averagePooled(to: 7).value.array == x.value.array)
    }

    @Test func precisionThreadsAndAdjoint() {
        let cases: [(Shape, Pair)] = [
            ([2, 16, 15, 96], Pair(6, 6)), ([3, 7, 10, 5], Pair(3, 2)), ([2, 3, 3, 17], Pair(5, 6)),
            ([40, 16, 16, 8], Pair(3, 16)),
        ]
        for (input, size) in cases {
            let pool = Pool(size: size)
            #expect(pool.largestError([input]) < 2e-6)
            #expect(pool.threadViolations([input]) == [])
            let run = pool.evaluation([input], as: Double.self)
            let forward = innerProduct(run.outputs[0], run.cotangents[0])
            let back = innerProduct(cast(operands([input])[0], to: Double.self), run.gradients[0])
            #expect(abs(forward - back) < 1e-10 * max(1, abs(forward)))
        }
    }
}
