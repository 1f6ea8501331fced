import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    var shape: Shape
    var temperature: Double
    var isWeighted: Bool

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let teacher = Tensor<Float>(shape, (0..<shape.elementCount).map { Float($0 % 7) - 3 })
        let weights = Tensor<Float>([shape.rows], (0..<shape.rows).map { Float($0 % 3) })
        return [
            v[0].logisticDivergence(
                teacherLogits: cast(teacher, to: S.self), temperature: temperature,
                weights: isWeighted ? cast(weights, to: S.self) : nil)
        ]
    }
}

@Suite struct LogisticDivergenceTests {
    @Test func precisionAndThreads() {
        for shape: Shape in [[1, 1], [7, 3], [3, 28, 28, 2], [20_000, 1]] {
            for (isWeighted, temperature) in [(false, 1.0), (true, 3)] {
                let c = Case(shape: shape, temperature: temperature, isWeighted: isWeighted)
                #expect(c.largestError([shape], scale: 5) < 2e-6, "\(shape)")
                #expect(c.threadViolations([shape]) == [])
            }
        }
    }

    @Test func itIsCrossEntropyLessTheTeachersEntropy() {
        let x = cast(operands([[6, 5]])[0], to: Double.self)
        let teacher = cast(operands([[6, 5]], seed: 8)[0], to: Double.self)
        let targets = teacher.mapped(.sigmoid)
        let divergence = Variable(x).logisticDivergence(teacherLogits: teacher, temperature: 1).value.item
        let (own, least) = (
            Variable(x).binaryCrossEntropySum(targets).value.item,
            Variable(teacher).binaryCrossEntropySum(targets).value.item
        )
        #expect(abs(divergence - (own - least)) < 1e-12)
        #expect(Variable(teacher).logisticDivergence(teacherLogits: teacher, temperature: 2).value.item == 0)
    }

    @Test func hugeLogitsStayFinite() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([4], [1e30, -1e30, 1e30, 50]))
        let loss = x.logisticDivergence(teacherLogits: Tensor([4], [1e30, -1e30, 40, -50]), temperature: 1)
        tape.backward(from: loss)
        #expect(loss.value.item.isFinite)
        #expect(tape.gradient(of: x)?.array.allSatisfy { $0.isFinite } == true)
    }

    @Test func elementsOfWeightZeroCountForNothing() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([2], [.nan, 0]))
        let loss = x.logisticDivergence(
            teacherLogits: Tensor([2], [0, 0]), temperature: 1, weights: Tensor([2], [0, 1]))
        tape.backward(from: loss)
        #expect(loss.value.item == 0 && tape.gradient(of: x)?.array == [0, 0])
    }
}
