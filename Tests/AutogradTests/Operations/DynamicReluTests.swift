import Autograd
import Tensors
import TestSupport
import Testing

private struct Sloped: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].dynamicRelu(x[1])] }
}

@Suite struct DynamicReluTests {
    @Test(arguments: [[3, 5, 7, 17], [1, 4, 4, 64], [9, 3], [40, 30, 1, 33]] as [Shape])
    func bothPrecisionsAgreeOnAnyThreads(input: Shape) {
        let shapes: [Shape] = [input, [input[0], 2 * input.columns]]
        #expect(Sloped().largestError(shapes) < 3e-6)
        #expect(Sloped().threadViolations(shapes) == [])
    }

    @Test func slopesOfOneAndZeroMakeItRelu() {
        let x = operands([[2, 3, 4, 5]])[0]
        let slopes = Tensor<Float>([2, 10], (0..<20).map { $0 % 10 < 5 ? 1 : 0 })
        #expect(Variable(x).dynamicRelu(Variable(slopes)).value.array == Variable(x).relu().value.array)
    }

    @Test func eachSampleHasItsOwnSlopes() {
        let x = Variable(Tensor<Double>([2, 2, 1], [1, -2, 3, -4]))
        let slopes = Variable(Tensor<Double>([2, 2], [2, -1, 0.5, 1]))
        #expect(x.dynamicRelu(slopes).value.array == [2, 2, 3, -2])
    }

    /// At 0, and where both slopes are the same, PyTorch's maximum gives each half.
    @Test func aTieIsShared() throws {
        func gradients<S: Scalar>(_ type: S.Type) throws -> [S] {
            let tape = Tape<S>()
            let (x, slopes) = (tape.leaf(Tensor([1, 1], [3])), tape.leaf(Tensor([1, 2], [0.5, 0.5])))
            tape.backward(from: x.dynamicRelu(slopes), cotangent: Tensor([1, 1], [2]))
            return try #require(tape.gradient(of: x)).array + #require(tape.gradient(of: slopes)).array
        }
        #expect(try gradients(Double.self) == [1, 3, 3])
        #expect(try gradients(Float.self) == [1, 3, 3])
    }
}
