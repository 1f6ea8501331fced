import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    var rows: Int
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let anchors = (0..<rows).flatMap { r -> [Float] in
            let at = Float(r % 50)
            return [at, 2 * at, at + 4 + Float(r % 7), 2 * at + 8]
        }
        return [
            v[0].decodedBoxes(
                cast(Tensor([rows, 4], anchors), to: S.self), deviations: [0.1, 0.1, 0.2, 0.2], clampsSmall: true)
        ]
    }
}

@Suite struct DecodedBoxesTests {
    @Test func precisionAndThreads() {
        for rows in [1, 5000] {
            #expect(Case(rows: rows).largestError([[rows, 4]]) < 1e-6)
            #expect(Case(rows: rows).threadViolations([[rows, 4]]) == [])
        }
    }

    @Test func deltasMoveAndGrowTheAnchor() {
        let anchors = Tensor<Double>([2, 4], [0, 0, 4, 2, 10, 10, 12, 16])
        let ln2 = 0.6931471805599453
        let deltas = Variable(Tensor<Double>([2, 4], [5, 0, 0, 0, 0, -10, 5 * ln2, 0]))
        let boxes = deltas.decodedBoxes(anchors, deviations: [0.1, 0.1, 0.2, 0.2], clampsSmall: false).value.array
        let expected = [2.0, 0, 6, 2, 9, 4, 13, 10]
        #expect(zip(boxes, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "\(boxes)")
    }

    /// ln(1000 / 16) from above in both styles, from below in one.
    @Test func logarithmsAreClamped() {
        let anchors = Tensor<Double>([1, 4], [0, 0, 1, 1])
        func size(_ delta: Double, _ clampsSmall: Bool) -> Double {
            let deltas = Variable(Tensor<Double>([1, 4], [0, 0, delta, 0]))
            let box = deltas.decodedBoxes(anchors, deviations: [1, 1, 1, 1], clampsSmall: clampsSmall).value.array
            return box[2] - box[0]
        }
        #expect(abs(size(100, false) - 62.5) < 1e-12)
        #expect(abs(size(100, true) - 62.5) < 1e-12)
        #expect(abs(size(-100, true) - 0.016) < 1e-12)
        #expect(size(-100, false) < 1e-40)
    }
}
