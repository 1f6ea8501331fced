import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let x = v[0]
        let (images, positions) = (x.shape[0], x.shape.rows / x.shape[0])
        let target = cast(operands([x.shape], seed: 9)[0], to: S.self)
        let weights = operands([[images, positions], [images, x.shape.columns]], seed: 4).map {
            cast($0, to: S.self).mapped(.square)
        }
        return [x.weightedSquares(target, positions: weights[0], channels: weights[1])]
    }
}

@Suite struct WeightedSquaresTests {
    /// The last ones have several blocks of positions in each image.
    @Test(arguments: [[1, 1, 1, 1], [3, 5, 7, 17], [2, 31, 30, 64], [3, 40, 41, 19]] as [Shape])
    func precisionAndThreads(_ shape: Shape) {
        #expect(Case().largestError([shape]) < 2e-6)
        #expect(Case().threadViolations([shape]) == [])
    }

    @Test func everyWeightMeetsItsPositionAndItsChannel() {
        let x = Variable(Tensor<Float>([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]))
        let sum = x.weightedSquares(
            .zeros([2, 2, 2]), positions: Tensor([2, 2], [1, 10, 0, 1]), channels: Tensor([2, 2], [1, 0, 1, 2]))
        #expect(sum.value.item == 1 + 90 + 49 + 128)
    }
}
