import Autograd
import Tensors
import Testing

private struct ReluLinear: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].reluLinear(x[1], x.count > 2 ? x[2] : nil)] }
}

/// What it replaces.
private struct ReluThenLinear: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].relu().linear(x[1], x.count > 2 ? x[2] : nil)] }
}

@Suite struct ReluLinearTests {
    @Test(arguments: [
        (rows: 3000, inner: 64, out: 16), (rows: 517, inner: 1024, out: 256), (rows: 1, inner: 17, out: 5),
    ])
    func hasTheBitsOfReluThenLinear(rows: Int, inner: Int, out: Int) {
        let shapes: [Shape] = [[rows, inner], [out, inner], [out]]
        for some in [shapes, Array(shapes.prefix(2))] {
            let fused = ReluLinear().run(some, as: Float.self)
            let parts = ReluThenLinear().run(some, as: Float.self)
            #expect(fused.count == parts.count && fused.count == some.count + 1)
            for (a, b) in zip(fused, parts) { #expect(a.array == b.array) }
        }
    }

    @Test func aGradientLiesWhereTheOperandLay() async {
        await #expect(processExitsWith: .success) {
            let (rows, inner) = (1 << 13, 256)
            let block = rows * inner * MemoryLayout<Float>.stride
            let tape = Tape<Float>()
            let start = tape.leaf(Tensor([rows, 1], repeating: 0.5))
            let weight = tape.leaf(Tensor([4, inner], repeating: 0.1))
            let loss = start.linear(tape.leaf(Tensor([inner, 1], repeating: 1))).reluLinear(weight).sum()
            let pool = StoragePool.shared
            let held = pool.statistics.bytesInUse
            #expect(held > block && held < block * 5 / 4)
            pool.resetPeak()
            tape.backward(from: loss)
            #expect(pool.statistics.peakBytesInUse < held + block / 2)
        }
    }

    @Test func whoeverElseHasTheOperandKeepsIt() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([2, 2], [-1, 2, 3, -4]))
        let y = x.reluLinear(tape.leaf(Tensor([1, 2], [5, 6])))
        #expect(y.value.array == [12, 15])
        tape.backward(from: y.sum())
        #expect(x.value.array == [-1, 2, 3, -4])
        #expect(tape.gradient(of: x)?.array == [0, 6, 5, 0])
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(ReluLinear().threadViolations([[8, 16, 16, 64], [16, 64], [16]]) == [])
    }
}
