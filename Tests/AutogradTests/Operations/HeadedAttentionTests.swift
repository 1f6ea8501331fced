import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct HeadedAttentionTests {
    private static let cases: [(shapes: [Shape], heads: Int)] = [
        ([[2, 6, 32], [2, 49, 32], [2, 49, 32]], 2), ([[3, 196, 24], [3, 6, 24], [3, 6, 24]], 2),
        ([[2, 6, 48], [2, 100, 48]], 4), ([[1, 3, 5], [1, 1, 5]], 5), ([[1, 1, 1], [1, 17, 1]], 1),
    ]

    @Test(arguments: cases.indices)
    func theFastKernelEqualsTheReference(index: Int) {
        let (shapes, heads) = Self.cases[index]
        expectAgreement(operands(shapes), tolerance: 2e-5, "\(shapes)") {
            [.attention($0[0], $0[1], $0.count > 2 ? $0[2] : nil, heads: heads)]
        } _: {
            [.attention($0[0], $0[1], $0.count > 2 ? $0[2] : nil, heads: heads)]
        }
    }

    /// Heads that are turned to the front are those of the other operation.
    @Test(arguments: [nil, 0.3])
    func itEqualsAttentionOfTurnedHeads(scale: Double?) {
        func turned(_ x: Variable<Double>) -> Variable<Double> {
            x.reshaped([x.shape[0], x.shape[1], 2, 4]).transposed([0, 2, 1, 3])
        }
        let x = operands([[2, 5, 8], [2, 7, 8], [2, 7, 8]]).map { Variable(cast($0, to: Double.self)) }
        let expected = Variable.attention(turned(x[0]), turned(x[1]), turned(x[2]), scale: scale)
            .transposed([0, 2, 1, 3]).reshaped([2, 5, 8])
        #expect(
            relativeError(Variable.attention(x[0], x[1], x[2], heads: 2, scale: scale).value, expected.value) < 1e-14)
    }

    @Test func keysThatAreValuesTooHaveBothGradients() {
        let x = operands([[2, 3, 8], [2, 6, 8]])
        let shared = Evaluation<Double>(x) { [.attention($0[0], $0[1], heads: 2)] }
        let apart = Evaluation<Double>(x) { [.attention($0[0], $0[1], $0[1], heads: 2)] }
        for (a, b) in zip(shared.tensors, apart.tensors) { #expect(relativeError(a, b) < 1e-14) }
    }

    @Test(arguments: cases.indices)
    func resultsDoNotDependOnThreads(index: Int) {
        let (shapes, heads) = Self.cases[index]
        let many = shapes.map { Shape([$0[0] * 40, $0[1], $0[2]]) }
        expectSameOnAnyThreads(operands(many), "\(many)") {
            [.attention($0[0], $0[1], $0.count > 2 ? $0[2] : nil, heads: heads)]
        }
    }
}
