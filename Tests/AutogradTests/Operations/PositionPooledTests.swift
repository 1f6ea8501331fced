import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] { [v[0].positionPooled(v[1])] }
}

@Suite struct PositionPooledTests {
    /// The last ones have several blocks of positions in each image.
    @Test(arguments: [[1, 1, 1, 1], [3, 5, 7, 17], [2, 31, 30, 64], [3, 40, 41, 83]] as [Shape])
    func precisionAndThreads(_ shape: Shape) {
        let shapes = [shape, [shape[0], shape[1] * shape[2]]]
        #expect(Case().largestError(shapes) < 3e-6)
        #expect(Case().threadViolations(shapes) == [])
    }

    @Test func equalWeightsGiveTheMean() {
        let x = Variable(cast(operands([[2, 3, 4, 5]])[0], to: Double.self))
        let pooled = x.positionPooled(Variable(Tensor([2, 12], repeating: 1.0 / 12)))
        #expect(relativeError(pooled.value, x.globalAveragePooled().value) < 1e-12)
    }
}
