import Autograd
import Tensors
import Testing

private struct Case: ScalarFunction {
    var indices: [Int32]
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] { [v[0].rows(indices)] }
}

@Suite struct RowsTests {
    @Test func rowsComeInTheOrderOfTheIndices() {
        let x = Variable(Tensor<Float>([3, 2], [1, 2, 3, 4, 5, 6]))
        #expect(x.rows([2, 0, 2]).value.array == [5, 6, 1, 2, 5, 6])
        #expect(x.rows([]).shape == [0, 2])
        #expect(Variable(Tensor<Float>.zeros([0, 4])).rows([]).shape == [0, 4])
    }

    @Test func gradientsOfARowAddUp() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([3, 2], [1, 2, 3, 4, 5, 6]))
        tape.backward(from: x.rows([2, 0, 2]), cotangent: Tensor([3, 2], [1, 2, 4, 8, 16, 32]))
        #expect(tape.gradient(of: x)?.array == [4, 8, 0, 0, 17, 34])
    }

    @Test func noRowsGiveAGradientOfZero() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([2, 2], [1, 2, 3, 4]))
        tape.backward(from: x.rows([]).sum())
        #expect(tape.gradient(of: x)?.array == [0, 0, 0, 0])
    }

    @Test func precisionAndThreads() {
        for (shape, count): (Shape, Int) in [([50, 3, 5], 200), ([7], 3000), ([4, 3000], 9)] {
            let c = Case(indices: (0..<count).map { Int32($0 * $0 % shape[0]) })
            #expect(c.largestError([shape]) < 1e-5)
            #expect(c.threadViolations([shape]) == [])
        }
    }
}
