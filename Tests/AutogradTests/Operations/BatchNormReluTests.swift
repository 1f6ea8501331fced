import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct BatchNormReluTests {
    @Test(arguments: [1, 5, 16, 17, 96, 240])
    func theFusedOperationEqualsTheCompositionInDouble(channels: Int) {
        for shape: Shape in [[3, 9, 7, channels], [2, 1, 1, channels], [2, 19, 19, channels]] {
            let inputs = operands([shape, [channels], [channels]])
            // A variance near zero (two rows) amplifies rounding.
            let tolerance = shape.rows <= 2 ? 1e-2 : 2e-5
            expectAgreement(inputs, tolerance: tolerance, "training \(shape)") {
                [$0[0].batchNormalizedRelu($0[1], $0[2]).output]
            } _: {
                [$0[0].batchNormalized($0[1], $0[2]).output.relu()]
            }
            let mean = operands([[channels]], seed: 5)[0]
            let variance = Tensor<Float>([channels], mean.array.map { 0.5 + abs($0) })
            expectAgreement(inputs, tolerance: 2e-5, "evaluation \(shape)") {
                [$0[0].batchNormalizedRelu($0[1], $0[2], mean: mean, variance: variance)]
            } _: {
                [
                    $0[0].batchNormalized(
                        $0[1], $0[2], mean: mean.converted(to: Double.self),
                        variance: variance.converted(to: Double.self)
                    ).relu()
                ]
            }
        }
    }

    /// Blocks of rows whose means lie far apart, so that merging their moments matters; 18,432 rows of 16 channels are
    /// three blocks.
    @Test func momentsOfSeveralBlocksAreMerged() {
        let draws = operands([[18_432, 16]])[0].array
        let x = Tensor<Float>([18_432, 16], draws.enumerated().map { $1 + Float($0 / (8192 * 16)) * 3 })
        let (mean, variance) = x.columnMoments()
        let (expectedMean, expectedVariance) = cast(x, to: Double.self).columnStatistics()
        #expect(relativeError(mean, expectedMean) < 1e-6)
        #expect(relativeError(variance, expectedVariance) < 1e-6)
    }

    @Test func theMeanAndTheUnbiasedVarianceAreThoseOfTheNormAlone() {
        let inputs = operands([[2, 5, 5, 24], [24], [24]]).map { Variable($0) }
        let (_, mean, variance) = inputs[0].batchNormalizedRelu(inputs[1], inputs[2])
        let plain = inputs[0].batchNormalized(inputs[1], inputs[2])
        #expect(relativeError(mean, cast(plain.mean, to: Double.self)) < 1e-6)
        #expect(relativeError(variance, cast(plain.variance, to: Double.self)) < 1e-6)
    }

    @Test(arguments: [16, 96, 240]) func resultsDoNotDependOnThreads(channels: Int) {
        expectSameOnAnyThreads(operands([[21_010, channels], [channels], [channels]]), "batchNormRelu") {
            [$0[0].batchNormalizedRelu($0[1], $0[2]).output]
        }
    }
}
