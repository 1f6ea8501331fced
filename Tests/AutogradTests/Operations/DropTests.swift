import Autograd
import Tensors
import Testing

@Suite struct DropTests {
    private let key = RandomKey(seed: 5, purpose: "drop")

    @Test func theMaskIsThatOfTheReference() {
        for count in [1, 3, 63, 64, 67, 4 * elementGrain + 5] {
            let inputs = operands([[count]])
            expectAgreement(inputs, tolerance: 1e-6, "\(count) elements") {
                [$0[0].dropout(rate: 0.3, key: key)]
            } _: {
                [$0[0].dropout(rate: 0.3, key: key)]
            }
        }
    }

    @Test func dropoutKeepsItsShareAndTheMean() {
        let y = Variable(Tensor<Float>([400, 1000], repeating: 1)).dropout(rate: 0.3, key: key).value.array
        let kept = y.filter { $0 != 0 }
        // Three standard deviations of a binomial count of 400,000.
        #expect(abs(Double(kept.count) / 400_000 - 0.7) < 3 * 0.0007246)
        #expect(kept.allSatisfy { abs($0 - 1 / 0.7) < 1e-6 })
        let other = Variable(Tensor<Float>([400, 1000], repeating: 1))
            .dropout(rate: 0.3, key: RandomKey(seed: 6, purpose: "drop")).value.array
        #expect(other != y)
    }

    @Test func dropPathKeepsOrDropsWholeSamples() {
        let y = Variable(Tensor<Float>([2000, 3], repeating: 1)).dropPath(rate: 0.25, key: key).value.array
        let samples = (0..<2000).map { Array(y[3 * $0..<3 * $0 + 3]) }
        #expect(samples.allSatisfy { Set($0).count == 1 })
        let kept = samples.filter { $0[0] != 0 }
        #expect(abs(Double(kept.count) / 2000 - 0.75) < 3 * 0.00969)
        #expect(kept.allSatisfy { abs($0[0] - 4.0 / 3) < 1e-6 })
    }

    @Test(arguments: [3, 16, 32, 17, 96, 240])
    func theFusedResidualEqualsItsComposition(channels: Int) {
        for (map, rate) in [(7, 0.5), (1, 0.5), (19, 0.2), (7, 0)] {
            let shape: Shape = [5, map, map, channels]
            let inputs = operands([shape, shape, [channels]])
            let fused = Evaluation<Float>(inputs) {
                [$0[0].addingResidual($0[1], scale: $0[2], dropPathRate: rate, key: key)]
            }
            let composed = Evaluation<Double>(inputs) { [$0[0] + ($0[1] * $0[2]).dropPath(rate: rate, key: key)] }
            for (a, b) in zip(fused.outputs + fused.gradients, composed.outputs + composed.gradients) {
                #expect(relativeError(a, b) < 5e-6, "\(shape), rate \(rate)")
            }
            let plain = Evaluation<Float>(Array(inputs.prefix(2))) {
                [$0[0].addingResidual($0[1], dropPathRate: rate, key: key)]
            }
            let sum = Evaluation<Double>(Array(inputs.prefix(2))) { [$0[0] + $0[1].dropPath(rate: rate, key: key)] }
            for (a, b) in zip(plain.outputs + plain.gradients, sum.outputs + sum.gradients) {
                #expect(relativeError(a, b) < 5e-6, "\(shape), rate \(rate), without scale")
            }
        }
    }
}
