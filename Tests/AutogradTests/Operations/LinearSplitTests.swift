import Autograd
import Tensors
import TestSupport
import Testing

private struct LinearSplit: ScalarFunction {
    let widths: [Int]
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        x[0].linear(x[1], x.count > 2 ? x[2] : nil, splitInto: widths)
    }
}

/// What it replaces.
private struct LinearThenSplit: ScalarFunction {
    let widths: [Int]
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        x[0].linear(x[1], x.count > 2 ? x[2] : nil).split(channels: widths)
    }
}

@Suite struct LinearSplitTests {
    @Test(arguments: [([4, 60], 32), ([16, 112], 64), ([15, 465], 240), ([1, 16], 17)])
    func floatEqualsDouble(widths: [Int], inner: Int) {
        let out = widths.reduce(0, +)
        let shapes: [Shape] = [[2, 7, 7, inner], [out, inner], [out]]
        #expect(LinearSplit(widths: widths).largestError(shapes) < 2e-5)
        #expect(LinearSplit(widths: widths).largestError(Array(shapes.prefix(2))) < 2e-5)
        #expect(LinearSplit(widths: widths).largestError(shapes, unused: [0]) < 2e-5)
    }

    @Test func equalsLinearThenSplit() {
        let shapes: [Shape] = [[5, 3, 6], [9, 6], [9]]
        for unused: Set<Int> in [[], [0], [1, 2]] {
            let fused = LinearSplit(widths: [2, 4, 3]).run(shapes, as: Double.self, unused: unused)
            let parts = LinearThenSplit(widths: [2, 4, 3]).run(shapes, as: Double.self, unused: unused)
            for (a, b) in zip(fused, parts) { #expect(relativeError(a, b) < 1e-12) }
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(LinearSplit(widths: [8, 56]).threadViolations([[8, 16, 16, 32], [64, 32], [64]]) == [])
    }
}
