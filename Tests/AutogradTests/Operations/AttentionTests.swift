import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct AttentionTests {
    @Test func theFastKernelEqualsTheReference() {
        let cases: [[Shape]] = [
            [[2, 3, 49, 32], [2, 3, 49, 32], [2, 3, 49, 32]],
            [[1, 2, 10, 8], [1, 2, 7, 8], [1, 2, 7, 5]],
            [[1, 1, 1, 17], [1, 1, 1, 17], [1, 1, 1, 1]],
            [[3, 2, 197, 16], [3, 2, 197, 16], [3, 2, 197, 16]],
        ]
        for shapes in cases {
            for scale in [nil, 0.4] {
                expectAgreement(operands(shapes), tolerance: 2e-5, "attention \(shapes)") {
                    [.attention($0[0], $0[1], $0[2], scale: scale)]
                } _: {
                    [.attention($0[0], $0[1], $0[2], scale: scale)]
                }
            }
        }
    }

    @Test func itEqualsItsDefinition() {
        let inputs = operands([[1, 1, 3, 4], [1, 1, 5, 4], [1, 1, 5, 2]]).map { Variable($0) }
        // Scores by linear (q k^T), values by linear with v^T.
        let scores = inputs[0].reshaped([3, 4]).linear(inputs[1].reshaped([5, 4])).scaled(by: 0.5)
        let values = inputs[2].reshaped([5, 2]).transposed([1, 0])
        let expected = scores.softmax().linear(values).reshaped([1, 1, 3, 2]).value
        let result = Variable.attention(inputs[0], inputs[1], inputs[2]).value
        #expect(relativeError(result, expected.converted(to: Double.self)) < 1e-6)
    }

    @Test func anUntrackedAttentionKeepsNothing() {
        let inputs = operands([[1, 1, 64, 8], [1, 1, 64, 8], [1, 1, 64, 8]]).map { Variable($0) }
        let result = inputs[0].value.attention(
            inputs[1].value, inputs[2].value, scale: 1, keepingProbabilities: false)
        let kept = inputs[0].value.attention(inputs[1].value, inputs[2].value, scale: 1, keepingProbabilities: true)
        #expect(result.probabilities == nil && kept.probabilities?.shape == [1, 1, 64, 64])
        #expect(result.output.array == kept.output.array)
    }

    @Test func resultsDoNotDependOnThreads() {
        let shape: Shape = [4, 6, 99, 32]
        expectSameOnAnyThreads(operands([shape, shape, shape]), "attention") { [.attention($0[0], $0[1], $0[2])] }
    }
}
