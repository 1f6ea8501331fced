import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct ResidualTests {
    private let key = RandomKey(seed: 5, purpose: "drop")

    @Test(arguments: [3, 16, 32, 17, 96, 240])
    func itEqualsItsComposition(channels: Int) {
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

    @Test func resultsDoNotDependOnThreads() {
        let shape: Shape = [9, 31, 31, 24]
        expectSameOnAnyThreads(operands([shape, shape, [24]]), "residual") {
            [$0[0].addingResidual($0[1], scale: $0[2], dropPathRate: 0.4, key: key)]
        }
    }
}
