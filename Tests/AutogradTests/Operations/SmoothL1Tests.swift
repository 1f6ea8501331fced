import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    var beta: Double
    var shape: Shape
    /// 0: none, 1: one for each row, 2: one for each element.
    var weighting = 0

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let targets = cast(operands([shape], seed: 9)[0], to: S.self)
        let weights: Shape = weighting == 1 ? shape.replacing(axis: -1, with: 1) : shape
        let numbers = Tensor<Float>(weights, (0..<weights.elementCount).map { Float($0 % 4) / 2 })
        return [v[0].smoothL1(targets, beta: beta, weights: weighting == 0 ? nil : cast(numbers, to: S.self))]
    }
}

@Suite struct SmoothL1Tests {
    @Test func precisionAndThreads() {
        for beta in [0, 1.0 / 9, 1] {
            for shape: Shape in [[1, 4], [37, 4], [5, 3, 7], [9000, 4]] {
                for weighting in 0...2 {
                    let c = Case(beta: beta, shape: shape, weighting: weighting)
                    #expect(c.largestError([shape]) < 2e-6, "beta \(beta), \(shape), weighting \(weighting)")
                    #expect(c.threadViolations([shape]) == [])
                }
            }
        }
    }

    @Test func bothSidesOfBetaComeOut() {
        func run(_ x: Double, beta: Double) -> [Double] {
            let tape = Tape<Double>()
            let leaf = tape.leaf(Tensor([1], [x]))
            let loss = leaf.smoothL1(Tensor([1], [1]), beta: beta)
            tape.backward(from: loss)
            return [loss.value.item, tape.gradient(of: leaf)?.item ?? .nan]
        }
        #expect(run(1.5, beta: 1) == [0.125, 0.5])
        #expect(run(-2, beta: 1) == [2.5, -1])
        #expect(run(1, beta: 1) == [0, 0])
        #expect(run(1, beta: 0) == [0, 0])
        #expect(run(0.75, beta: 0) == [0.25, -1])
    }

    /// Targets of background are logarithms of nothing.
    @Test func elementsOfWeightZeroCountForNothing() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([2, 2], [1, 2, 3, 4]))
        let loss = x.smoothL1(Tensor([2, 2], [0, 0, -.infinity, .nan]), beta: 0, weights: Tensor([2, 1], [1, 0]))
        tape.backward(from: loss)
        #expect(loss.value.item == 3)
        #expect(tape.gradient(of: x)?.array == [1, 1, 0, 0])
    }
}
