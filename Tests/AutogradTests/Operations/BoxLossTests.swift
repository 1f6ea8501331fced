import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    var measure: BoxMeasure
    var rows: Int
    var isWeighted = false

    /// Draws as centres and sizes, so that boxes have a size.
    static func boxes(_ rows: Int, seed: UInt64) -> Tensor<Float> {
        var random = Random(seed: seed, purpose: "boxes")
        return Tensor(
            [rows, 4],
            (0..<rows).flatMap { _ -> [Float] in
                let (x, y) = (random.uniform(0, 10), random.uniform(0, 10))
                return [x, y, x + random.uniform(0.5, 8), y + random.uniform(0.5, 8)].map { Float($0) }
            })
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let weights = Tensor<Float>([rows], (0..<rows).map { Float($0 % 3) / 2 })
        return [
            v[0].boxLoss(
                cast(Self.boxes(rows, seed: 2), to: S.self), kind: measure,
                weights: isWeighted ? cast(weights, to: S.self) : nil)
        ]
    }
}

@Suite struct BoxLossTests {
    @Test(arguments: BoxMeasure.allCases)
    func precisionAndThreads(measure: BoxMeasure) {
        for (rows, isWeighted) in [(1, false), (40, true), (9000, false)] {
            let c = Case(measure: measure, rows: rows, isWeighted: isWeighted)
            let boxes = [Case.boxes(rows, seed: 1)]
            expectAgreement(boxes, tolerance: 1e-6, "\(measure)", { c($0) }, { c($0) })
            expectSameOnAnyThreads(boxes, "\(measure)") { c($0) }
        }
    }

    private func loss(_ box: [Double], _ target: [Double], _ measure: BoxMeasure) -> Double {
        Variable(Tensor<Double>([1, 4], box)).boxLoss(Tensor([1, 4], target), kind: measure, epsilon: 0).value.item
    }

    /// Squares of side 2: half apart, and corner to corner with a gap.
    @Test func measuresComeOutByHand() {
        let half = ([0.0, 0, 2, 2], [1.0, 0, 3, 2])
        #expect(abs(loss(half.0, half.1, .iou) - (1 - 1.0 / 3)) < 1e-15)
        #expect(abs(loss(half.0, half.1, .giou) - (1 - 1.0 / 3)) < 1e-15)
        #expect(abs(loss(half.0, half.1, .diou) - (1 - 1.0 / 3 + 1.0 / 13)) < 1e-15)
        #expect(abs(loss(half.0, half.1, .ciou) - (1 - 1.0 / 3 + 1.0 / 13)) < 1e-15)
        let apart = ([0.0, 0, 2, 2], [3.0, 3, 5, 5])
        #expect(loss(apart.0, apart.1, .iou) == 1)
        #expect(abs(loss(apart.0, apart.1, .giou) - (1 + 17.0 / 25)) < 1e-15)
        #expect(abs(loss(apart.0, apart.1, .diou) - (1 + 18.0 / 50)) < 1e-15)
        for measure in BoxMeasure.allCases { #expect(loss([1, 2, 4, 7], [1, 2, 4, 7], measure) == 0) }
    }

    /// The ratio's weight counts as a constant: the slope is that of the loss with the weight held.
    @Test func theWeightOfTheRatioIsHeld() throws {
        let target = Tensor<Double>([1, 4], [0.5, 1, 5, 4])
        let box = [1.0, 1.5, 3, 6]
        let tape = Tape<Double>()
        let leaf = tape.leaf(Tensor([1, 4], box))
        let distance = tape.leaf(Tensor([1, 4], box))
        tape.backward(from: [
            (leaf.boxLoss(target, kind: .ciou), nil), (distance.boxLoss(target, kind: .diou), nil),
        ])
        let whole = try #require(tape.gradient(of: leaf)).array
        let part = try #require(tape.gradient(of: distance)).array
        // v = 4 / pi^2 (atan(w' / h') - atan(w / h))^2, alpha = v / (1 - IoU + v).
        let (width, height) = (2.0, 4.5)
        let difference = 0.982793723247329 - 0.4182243295792291
        let scale = 4 / (Double.pi * Double.pi)
        let v = scale * difference * difference
        let overlap = 2 * 2.5 / (4.5 * 3 + 2 * 4.5 - 2 * 2.5)
        let alpha = v / (1 - overlap + v)
        let byRatio = -2 * alpha * scale * difference / (1 + (width / height) * (width / height))
        let expected = [-1 / height, width / (height * height), 1 / height, -width / (height * height)]
        for i in 0..<4 { #expect(abs(whole[i] - part[i] - byRatio * expected[i]) < 1e-7) }
    }

    @Test func rowsOfWeightZeroCountForNothing() {
        let tape = Tape<Float>()
        let boxes = tape.leaf(Tensor([2, 4], [0, 0, 2, 2, .nan, 0, 1, 1]))
        let loss = boxes.boxLoss(
            Tensor([2, 4], [1, 0, 3, 2, 0, 0, 0, 0]), kind: .giou, weights: Tensor([2], [1, 0]))
        tape.backward(from: loss)
        #expect(abs(loss.value.item - 2.0 / 3) < 1e-6)
        #expect(tape.gradient(of: boxes)?.array.suffix(4) == [0, 0, 0, 0])
    }
}
