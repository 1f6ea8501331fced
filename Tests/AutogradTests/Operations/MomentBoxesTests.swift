import Autograd
import Tensors
import Testing

private struct Moments: ScalarFunction {
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] { [v[0].momentBoxes(v[1])] }
}

private struct Extremes: ScalarFunction {
    var first: Int?
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] { [v[0].extremeBoxes(first: first)] }
}

@Suite struct MomentBoxesTests {
    @Test func precisionAndThreads() {
        for rows in [1, 3000] {
            #expect(Moments().largestError([[rows, 18], [2]]) < 2e-6)
            #expect(Moments().threadViolations([[rows, 18], [2]]) == [])
            #expect(Extremes().largestError([[rows, 18]]) < 1e-6)
            #expect(Extremes(first: 4).threadViolations([[rows, 18]]) == [])
        }
    }

    /// y: 1, 2, 3 with deviation 1; x: 0, 4, 8 with deviation 4. The transfer has the width first.
    @Test func boxesComeOutByHand() {
        let points = Variable(Tensor<Double>([1, 6], [1, 0, 2, 4, 3, 8]))
        let ln2 = 0.6931471805599453
        let moments = points.momentBoxes(Variable(Tensor([2], [ln2, 0]))).value.array
        #expect(zip(moments, [-4.0, 1, 12, 3]).allSatisfy { abs($0 - $1) < 1e-12 }, "\(moments)")
        #expect(points.extremeBoxes().value.array == [0, 1, 8, 3])
        #expect(points.extremeBoxes(first: 2).value.array == [0, 1, 4, 2])
    }

    @Test func theTransferLearnsAtAHundredthOfTheRate() throws {
        let points = Tensor<Double>([1, 6], [1, 0, 2, 4, 3, 8])
        let tape = Tape<Double>()
        let transfer = tape.leaf(Tensor([2], [0, 0]))
        tape.backward(from: Variable(points).momentBoxes(transfer), cotangent: Tensor([1, 4], [-1, -1, 2, 1]))
        let gradient = try #require(tape.gradient(of: transfer)).array
        #expect(zip(gradient, [0.12, 0.02]).allSatisfy { abs($0 - $1) < 1e-14 }, "\(gradient)")
    }

    @Test func pointsThatAreOneHaveAGradient() {
        let tape = Tape<Float>()
        let points = tape.leaf(Tensor([1, 18], repeating: 3))
        let boxes = points.momentBoxes(Variable(Tensor([2], [0, 0])))
        #expect(boxes.value.array == [3, 3, 3, 3])
        tape.backward(from: boxes, cotangent: Tensor([1, 4], [9, 0, 0, 0]))
        #expect(tape.gradient(of: points)?.array == (0..<18).map { $0 % 2 == 0 ? 0 : 1 })
    }
}
