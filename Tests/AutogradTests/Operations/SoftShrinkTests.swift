import Autograd
import Tensors
import Testing

private struct Shrink: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].softShrunk(0.4)] }
}

@Suite struct SoftShrinkTests {
    @Test func smallElementsBecomeZeroAndOthersSmaller() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([7], [-2, -0.5, -0.25, 0, 0.5, 0.75, 3]))
        let y = x.softShrunk(0.5)
        #expect(y.value.array == [-1.5, 0, 0, 0, 0, 0.25, 2.5])
        tape.backward(from: y, cotangent: Tensor([7], repeating: 2))
        #expect(tape.gradient(of: x)?.array == [2, 0, 0, 0, 0, 2, 2])
    }

    @Test func aNumberThatIsNoneComesThrough() {
        #expect(Variable(Tensor<Float>([1], [.nan])).softShrunk(0.5).value.item.isNaN)
        #expect(Variable(Tensor<Double>([1], [.nan])).softShrunk(0.5).value.item.isNaN)
    }

    @Test func precisionAndThreads() {
        for count in [1, 17, 67, 2 * elementGrain + 5] { #expect(Shrink().largestError([[count]]) < 3e-6) }
        #expect(Shrink().threadViolations([[5 * elementGrain + 3]]) == [])
    }
}
