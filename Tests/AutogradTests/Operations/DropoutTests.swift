import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct DropoutTests {
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
        let share: Double = Double(kept.count) / 400_000
        let value: Float = 1 / 0.7
        // Three standard deviations of a binomial count of 400,000.
        #expect(abs(share - 0.7) < 3 * 0.0007246)
        #expect(kept.allSatisfy { abs($0 - value) < 1e-6 })
        let other = Variable(Tensor<Float>([400, 1000], repeating: 1))
            .dropout(rate: 0.3, key: RandomKey(seed: 6, purpose: "drop")).value.array
        #expect(other != y)
    }

    @Test func dropPathKeepsOrDropsWholeSamples() {
        let y = Variable(Tensor<Float>([2000, 3], repeating: 1)).dropPath(rate: 0.25, key: key).value.array
        let samples = (0..<2000).map { Array(y[3 * $0..<3 * $0 + 3]) }
        #expect(samples.allSatisfy { Set($0).count == 1 })
        let kept = samples.filter { $0[0] != 0 }
        let share: Double = Double(kept.count) / 2000
        let value: Float = 4.0 / 3
        #expect(abs(share - 0.75) < 3 * 0.00969)
        #expect(kept.allSatisfy { abs($0[0] - value) < 1e-6 })
    }

    @Test func dropPathOfFloatEqualsDouble() {
        for shape: Shape in [[1, 3], [7, 5, 3, 17], [40, 31, 31]] {
            expectAgreement(operands([shape]), tolerance: 1e-6, "\(shape)") {
                [$0[0].dropPath(rate: 0.4, key: key)]
            } _: {
                [$0[0].dropPath(rate: 0.4, key: key)]
            }
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        expectSameOnAnyThreads(operands([[9, 31, 31, 24]]), "drops") {
            [$0[0].dropout(rate: 0.2, key: key), $0[0].dropPath(rate: 0.4, key: key)]
        }
    }
}
