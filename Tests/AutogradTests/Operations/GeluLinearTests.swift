import Autograd
import Tensors
import TestSupport
import Testing

private struct GeluLinear: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].geluLinear(x[1], x.count > 2 ? x[2] : nil)] }
}

/// What it replaces.
private struct GeluThenLinear: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].gelu().linear(x[1], x.count > 2 ? x[2] : nil)] }
}

@Suite struct GeluLinearTests {
    @Test(arguments: [
        (rows: 3000, inner: 64, out: 16), (rows: 517, inner: 1024, out: 256), (rows: 1, inner: 17, out: 5),
    ])
    func floatEqualsDouble(rows: Int, inner: Int, out: Int) {
        let shapes: [Shape] = [[rows, inner], [out, inner], [out]]
        #expect(GeluLinear().largestError(shapes) < 2e-5)
        #expect(GeluLinear().largestError(Array(shapes.prefix(2))) < 2e-5)
    }

    @Test func equalsGeluThenLinear() {
        let shapes: [Shape] = [[1100, 6], [9, 6], [9]]
        let fused = GeluLinear().run(shapes, as: Double.self)
        let parts = GeluThenLinear().run(shapes, as: Double.self)
        for (a, b) in zip(fused, parts) { #expect(relativeError(a, b) < 1e-12) }
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(GeluLinear().threadViolations([[8, 16, 16, 64], [16, 64], [16]]) == [])
    }
}
