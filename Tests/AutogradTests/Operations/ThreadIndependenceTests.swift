import Autograd
import Tensors
import Testing

@Suite struct ThreadIndependenceTests {
    private let key = RandomKey(seed: 5, purpose: "drop")

    @Test func normalizationsDoNotDependOnThreads() {
        for columns in [16, 96, 240] {
            let inputs = operands([[2101, columns], [columns], [columns]])
            expectSameOnAnyThreads(inputs, "layerNorm") { [$0[0].layerNormalized($0[1], $0[2])] }
            expectSameOnAnyThreads(inputs, "batchNorm") { [$0[0].batchNormalized($0[1], $0[2]).output] }
        }
    }

    @Test func attentionAndTransposesDoNotDependOnThreads() {
        let shape: Shape = [4, 6, 99, 32]
        expectSameOnAnyThreads(operands([shape, shape, shape]), "attention") { [.attention($0[0], $0[1], $0[2])] }
        expectSameOnAnyThreads(operands([shape]), "transpose") { [$0[0].transposed([0, 2, 1, 3])] }
        expectSameOnAnyThreads(operands([[999, 197]]), "softmax") { [$0[0].softmax().logSoftmax()] }
    }

    @Test func lossesDoNotDependOnThreads() {
        let inputs = operands([[301, 1000]])
        let teacher = operands([[301, 1000]], seed: 9)[0]
        let labels = (0..<301).map { Int32($0 * 3) }
        expectSameOnAnyThreads(inputs, "losses") {
            [
                $0[0].crossEntropy(labels: labels, smoothing: 0.1), $0[0].crossEntropy(targets: teacher),
                $0[0].distillationDivergence(teacherLogits: teacher, temperature: 2), $0[0].meanSquaredError(teacher),
            ]
        }
    }

    @Test func dropsDoNotDependOnThreads() {
        let shape: Shape = [9, 31, 31, 24]
        expectSameOnAnyThreads(operands([shape, shape, [24]]), "residual") {
            [
                $0[0].addingResidual($0[1], scale: $0[2], dropPathRate: 0.4, key: key),
                $0[0].dropout(rate: 0.2, key: key), $0[1].dropPath(rate: 0.4, key: key),
            ]
        }
    }
}
