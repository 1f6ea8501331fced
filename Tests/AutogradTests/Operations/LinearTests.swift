import Autograd
import Tensors
import TestSupport
import Testing

private struct Linear: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].linear(x[1], x.count > 2 ? x[2] : nil)] }
}

@Suite struct LinearTests {
    @Test(arguments: [
        (rows: 1, inner: 1, out: 1), (rows: 3, inner: 17, out: 5), (rows: 1200, inner: 48, out: 33),
        (rows: 70, inner: 300, out: 520),
    ])
    func floatEqualsDouble(rows: Int, inner: Int, out: Int) {
        let shapes: [Shape] = [[rows, inner], [out, inner], [out]]
        #expect(Linear().largestError(shapes) < 5e-6)
        #expect(Linear().largestError(Array(shapes.prefix(2))) < 5e-6)
    }

    /// y_ro = sum_i x_ri w_oi + b_o, element by element.
    @Test func itEqualsItsDefinition() {
        let inputs = operands([[4, 2, 7], [5, 7], [5]]).map { cast($0, to: Double.self) }
        let (x, w, b) = (inputs[0].array, inputs[1].array, inputs[2].array)
        let expected = (0..<40).map { position -> Double in
            let (row, column) = (position / 5, position % 5)
            var sum = b[column]
            for i in 0..<7 { sum += x[row * 7 + i] * w[column * 7 + i] }
            return sum
        }
        let found = Linear()(inputs.map { Variable($0) })[0]
        #expect(found.shape == [4, 2, 5])
        #expect(relativeError(found.value, Tensor([4, 2, 5], expected)) < 1e-14)
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Linear().threadViolations([[8, 16, 16, 64], [96, 64], [96]]) == [])
        #expect(Linear().threadViolations([[3000, 33], [17, 33]]) == [])
    }
}
