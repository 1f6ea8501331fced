import Autograd
import Tensors
import TestSupport
import Testing

private struct Padded: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].padded(below: 2, right: 3)] }
}

@Suite struct PaddingTests {
    @Test func zerosLieBelowAndToTheRight() {
        let map = Variable(Tensor<Float>([2, 1, 2, 1], [1, 2, 3, 4]))
        #expect(map.padded(below: 1, right: 1).value.array == [1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0])
        #expect(map.padded(below: 1, right: 0).value.array == [1, 2, 0, 0, 3, 4, 0, 0])
        #expect(map.padded(below: 0, right: 0).value.array == map.value.array)
    }

    @Test func theUpperLeftPartIsTheMapAgain() {
        let map = operands([[3, 4, 5, 7]])[0]
        #expect(map.padded(below: 3, right: 2).cropped(height: 4, width: 5).array == map.array)
    }

    @Test(arguments: [1, 33])
    func bothPrecisionsAgreeOnAnyThreads(channels: Int) {
        let input: Shape = [9, 20, 21, channels]
        #expect(Padded().largestError([input]) < 1e-7)
        #expect(Padded().threadViolations([input]) == [])
    }
}
