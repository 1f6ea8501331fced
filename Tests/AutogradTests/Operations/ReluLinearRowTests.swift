import Autograd
import Tensors
import Testing

private struct Chosen: ScalarFunction {
    let rows: [Int32]

    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].reluLinearRow(x[1], x.count > 2 ? x[2] : nil, rows: rows)]
    }
}

/// All outputs of each sample, of which one is taken.
private struct AllThenOne: ScalarFunction {
    let rows: [Int32]

    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let all = x[0].reluLinear(x[1], x.count > 2 ? x[2] : nil)
        let (out, size) = (x[1].shape[0], all.shape.rows / rows.count)
        let places = rows.enumerated().flatMap { sample, row in
            (0..<size).map { Int32((sample * size + $0) * out) + row }
        }
        return [
            all.reshaped([all.shape.elementCount, 1]).rows(places).reshaped(all.shape.replacing(axis: -1, with: 1))
        ]
    }
}

@Suite struct ReluLinearRowTests {
    @Test(arguments: [[7, 14, 14, 64], [40, 5, 17], [3, 1], [1, 2, 300]] as [Shape])
    func isTheChosenOutputInBothPrecisionsOnAnyThreads(input: Shape) {
        let rows = (0..<input[0]).map { Int32($0 * 5 % 4) }
        for shapes in [[input, [4, input.columns], [4]], [input, [4, input.columns]]] as [[Shape]] {
            let (own, all) = (
                Chosen(rows: rows).run(shapes, as: Double.self), AllThenOne(rows: rows).run(shapes, as: Double.self)
            )
            #expect(own.count == all.count && own.count == shapes.count + 1)
            for (a, b) in zip(own, all) {
                #expect(a.shape == b.shape)
                #expect(zip(a.array, b.array).allSatisfy { abs($0 - $1) < 1e-10 * max(1, abs($1)) })
            }
            #expect(Chosen(rows: rows).largestError(shapes) < 3e-6)
            #expect(Chosen(rows: rows).threadViolations(shapes) == [])
        }
    }

    @Test func whoeverElseHasTheOperandKeepsIt() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([2, 2], [-1, 2, 3, -4]))
        let weight = tape.leaf(Tensor([2, 2], [5, 6, 7, 8]))
        let y = x.reluLinearRow(weight, nil, rows: [1, 0])
        #expect(y.value.array == [16, 15])
        tape.backward(from: y.sum())
        #expect(x.value.array == [-1, 2, 3, -4])
        #expect(tape.gradient(of: x)?.array == [0, 8, 5, 0])
        #expect(tape.gradient(of: weight)?.array == [3, 0, 0, 2])
    }

    @Test func aGradientLiesWhereTheOperandLay() async {
        await #expect(processExitsWith: .success) {
            let (samples, rows, inner) = (8, 1 << 10, 256)
            let block = samples * rows * inner * MemoryLayout<Float>.stride
            let tape = Tape<Float>()
            let start = tape.leaf(Tensor([samples, rows, 1], repeating: 0.5))
            let weight = tape.leaf(Tensor([4, inner], repeating: 0.1))
            let loss = start.linear(tape.leaf(Tensor([inner, 1], repeating: 1))).reluLinearRow(
                weight, nil, rows: (0..<8).map { Int32($0 % 4) }
            ).sum()
            let pool = StoragePool.shared
            let held = pool.statistics.bytesInUse
            #expect(held > block && held < block * 5 / 4)
            pool.resetPeak()
            tape.backward(from: loss)
            #expect(pool.statistics.peakBytesInUse < held + block / 2)
        }
    }
}
