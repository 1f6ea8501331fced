import Autograd
import Tensors
import TestSupport
import Testing

private struct Resize: ScalarFunction {
    let size: Pair
    let mode: ResizeMode
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].resized(height: size.height, width: size.width, mode)]
    }
}

@Suite struct ResizeTests {
    private func row(_ values: [Double], to width: Int, _ mode: ResizeMode) -> [Double] {
        Variable(Tensor([1, 1, values.count, 1], values)).resized(height: 1, width: width, mode).value.array
    }

    @Test func halfPixelCentersAreClampedAtTheEdge() {
        #expect(row([0, 4], to: 4, .bilinear(alignCorners: false)) == [0, 1, 3, 4])
        #expect(row([0, 2, 4, 6], to: 2, .bilinear(alignCorners: false)) == [1, 5])
    }

    @Test func alignedCornersKeepTheCorners() {
        #expect(row([0, 4], to: 5, .bilinear(alignCorners: true)) == [0, 1, 2, 3, 4])
        #expect(row([2, 3, 9], to: 1, .bilinear(alignCorners: true)) == [2])
    }

    @Test func nearestRoundsDown() {
        #expect(row([1, 2, 3], to: 5, .nearest) == [1, 1, 2, 2, 3])
        #expect(row([1, 2, 3, 4, 5], to: 2, .nearest) == [1, 3])
    }

    @Test func theSameSizeChangesNothing() {
        let values = (0..<6).map { Double($0 * $0) }
        for mode in [ResizeMode.nearest, .bilinear(alignCorners: true), .bilinear(alignCorners: false)] {
            #expect(row(values, to: 6, mode) == values)
        }
    }

    @Test(arguments: [ResizeMode.nearest, .bilinear(alignCorners: true), .bilinear(alignCorners: false)])
    func adjointPrecisionAndThreads(_ mode: ResizeMode) {
        let cases: [(Shape, Pair)] = [
            ([2, 7, 7, 96], Pair(14, 13)), ([3, 31, 17, 17], Pair(9, 24)), ([2, 1, 1, 5], Pair(3, 1)),
        ]
        for (input, size) in cases {
            let resize = Resize(size: size, mode: mode)
            #expect(resize.largestError([input]) < 3e-6)
            #expect(resize.threadViolations([input]) == [])
            let run = resize.evaluation([input], as: Double.self)
            let forward = innerProduct(run.outputs[0], run.cotangents[0])
            let back = innerProduct(cast(operands([input])[0], to: Double.self), run.gradients[0])
            #expect(abs(forward - back) < 1e-10 * max(1, abs(forward)))
        }
    }
}
