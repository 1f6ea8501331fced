import Autograd
import Tensors
import Testing

@Suite struct SoftmaxTests {
    @Test(arguments: [1, 2, 7, 10, 15, 16, 17, 31, 49, 100, 197, 1000])
    func fastSoftmaxEqualsTheReference(columns: Int) {
        let x = operands([[67, columns]])[0].scaled(by: 4)
        expectAgreement([x], tolerance: 4e-6, "softmax \(columns)") {
            [$0[0].softmax()]
        } _: {
            [$0[0].softmax()]
        }
        expectAgreement([x], tolerance: 4e-6, "logSoftmax \(columns)") {
            [$0[0].logSoftmax()]
        } _: {
            [$0[0].logSoftmax()]
        }
    }

    @Test func largeLogitsStayFinite() {
        let x = Variable(Tensor<Float>([1, 3], [1000, 1001, -1000]))
        let e = 2.718281828459045
        #expect(relativeError(x.softmax().value, Tensor([1, 3], [1 / (1 + e), e / (1 + e), 0])) < 1e-6)
        #expect(relativeError(x.logSoftmax().value, Tensor([1, 3], [-1.3132617, -0.3132617, -2001.3132617])) < 1e-6)
    }

    @Test(arguments: [10, 40])
    func whatIsNotANumberShows(columns: Int) {
        for position in [0, 9, columns - 1] {
            var values = [Float](repeating: 1, count: columns)
            values[position] = .nan
            let x = Variable(Tensor<Float>([1, columns], values))
            #expect(x.softmax().value.array.allSatisfy { $0.isNaN })
            #expect(x.crossEntropy(labels: [3]).value.item.isNaN)
        }
    }

    @Test func fastAttentionEqualsTheReference() {
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

    @Test func attentionEqualsItsDefinition() {
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
}
