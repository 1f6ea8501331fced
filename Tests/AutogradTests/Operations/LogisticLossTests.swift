import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    var shape: Shape
    var isWeighted: Bool

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let targets = Tensor<Float>(shape, (0..<shape.elementCount).map { Float($0 % 5) / 4 })
        let weights = Tensor<Float>([shape.rows], (0..<shape.rows).map { Float($0 % 3) })
        return [
            v[0].binaryCrossEntropySum(
                cast(targets, to: S.self), weights: isWeighted ? cast(weights, to: S.self) : nil)
        ]
    }
}

@Suite struct LogisticLossTests {
    @Test func precisionAndThreads() {
        for shape: Shape in [[1, 1], [7, 3], [3, 28, 28, 2], [20_000, 1]] {
            for isWeighted in [false, true] {
                let c = Case(shape: shape, isWeighted: isWeighted)
                #expect(c.largestError([shape], scale: 5) < 2e-6, "\(shape)")
                #expect(c.threadViolations([shape]) == [])
            }
        }
    }

    @Test func itIsTheSumOfWhatTheMeanIsOf() {
        let drawn = operands([[6, 5]]).map { cast($0, to: Double.self) }
        let targets = Tensor<Double>([6, 5], (0..<30).map { Double($0 % 3) / 2 })
        let sum = Variable(drawn[0]).binaryCrossEntropySum(targets).value.item
        let mean = Variable(drawn[0]).binaryCrossEntropy(targets: targets).value.item
        #expect(abs(sum - 30 * mean) < 1e-12)
    }

    @Test func hugeLogitsStayFiniteAndSmallLossesKeepTheirDigits() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([4], [1e30, -1e30, 20, -20]))
        let loss = x.binaryCrossEntropySum(Tensor([4], [1, 0, 1, 0]))
        tape.backward(from: loss)
        #expect(abs(loss.value.item / (2 * 2.0611537e-9) - 1) < 1e-5)
        #expect(tape.gradient(of: x)?.array.allSatisfy { $0.isFinite } == true)
    }
}
