import Autograd
import Tensors
import TestSupport
import Testing

private struct Weighting: ScalarFunction {
    let size: Int
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].windowWeighted(by: x[1], size)] }
}

@Suite struct WindowWeightingTests {
    @Test(arguments: [1, 2, 4])
    func itIsTheProductWithTheWeightsPutBesideTheirPixels(size: Int) {
        let windows = 3 * (8 / size) * (12 / size)
        let drawn = operands([[3, 8, 12, 5], [windows, size * size]]).map { Variable(cast($0, to: Double.self)) }
        let map = drawn[1].reshaped([windows, size * size, 1]).joined(windows: Pair(size), height: 8, width: 12)
        let found = drawn[0].windowWeighted(by: drawn[1], size).value
        #expect(relativeError(found, (drawn[0] * map).value) < 1e-15)
    }

    @Test func aSinglePixelOfWeightOneIsTheIdentity() {
        let x = Variable(operands([[2, 3, 4, 6]])[0])
        let ones = Variable(Tensor<Float>([24, 1], repeating: 1))
        #expect(x.windowWeighted(by: ones, 1).value.array == x.value.array)
    }

    @Test func precisionAndThreads() {
        for channels in [1, 7, 64] {
            let shapes: [Shape] = [[2, 16, 24, channels], [48, 16]]
            #expect(Weighting(size: 4).largestError(shapes) < 2e-6)
            #expect(Weighting(size: 4).threadViolations(shapes) == [])
        }
    }
}
