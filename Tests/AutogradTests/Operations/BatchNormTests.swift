import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct BatchNormTests {
    @Test(arguments: [1, 5, 16, 17, 96, 112, 240, 496])
    func theFastKernelEqualsTheReference(channels: Int) {
        for shape: Shape in [[3, 9, 7, channels], [2, 1, 1, channels], [1, 1, 1, channels], [2, 19, 19, channels]] {
            let inputs = operands([shape, [channels], [channels]])
            // A variance near zero (two rows) amplifies rounding.
            let tolerance = shape.rows <= 2 ? 1e-3 : 2e-5
            expectAgreement(inputs, tolerance: tolerance, "training \(shape)") {
                [$0[0].batchNormalized($0[1], $0[2]).output]
            } _: {
                [$0[0].batchNormalized($0[1], $0[2]).output]
            }
            let mean = operands([[channels]], seed: 5)[0]
            let variance = Tensor<Float>([channels], mean.array.map { 0.5 + abs($0) })
            expectAgreement(inputs, tolerance: 2e-5, "evaluation \(shape)") {
                [$0[0].batchNormalized($0[1], $0[2], mean: mean, variance: variance)]
            } _: {
                [
                    $0[0].batchNormalized(
                        $0[1], $0[2], mean: mean.converted(to: Double.self),
                        variance: variance.converted(to: Double.self))
                ]
            }
        }
    }

    @Test func theMeanAndTheUnbiasedVarianceAreReturned() {
        let x = Variable(Tensor<Float>([4, 2], [1, 0, 2, 0, 3, 10, 6, 10]))
        let gain = Variable(Tensor<Float>([2], [1, 2]))
        let bias = Variable(Tensor<Float>([2], [0, 1]))
        let (y, mean, variance) = x.batchNormalized(gain, bias, epsilon: 0.5)
        #expect(relativeError(mean, Tensor([2], [3, 5])) < 1e-6)
        #expect(relativeError(variance, Tensor([2], [14.0 / 3, 100.0 / 3])) < 1e-6)
        // Biased variances 3.5 and 25.
        let spread = 10 / 25.5.squareRoot()
        let expected = Tensor<Double>([4, 2], [-1, 1 - spread, -0.5, 1 - spread, 0, 1 + spread, 1.5, 1 + spread])
        #expect(relativeError(y.value, expected) < 1e-6)
    }

    @Test func evaluationWithTheBatchsStatisticsEqualsTraining() {
        let inputs = operands([[2, 5, 5, 24], [24], [24]]).map { Variable($0) }
        let (y, mean, variance) = inputs[0].batchNormalized(inputs[1], inputs[2])
        let biased = variance.scaled(by: 49.0 / 50)
        let z = inputs[0].batchNormalized(inputs[1], inputs[2], mean: mean, variance: biased)
        #expect(relativeError(z.value, y.value.converted(to: Double.self)) < 1e-6)
    }

    @Test(arguments: [16, 96, 240]) func resultsDoNotDependOnThreads(channels: Int) {
        expectSameOnAnyThreads(operands([[2101, channels], [channels], [channels]]), "batchNorm") {
            [$0[0].batchNormalized($0[1], $0[2]).output]
        }
    }
}
