import Autograd
import Tensors
import TestSupport
import Testing

private struct NormalizedLinear: ScalarFunction {
    let widths: [Int]
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        x[0].normalizedLinear(gain: x[1], offset: x[2], x[3], x.count > 4 ? x[4] : nil, splitInto: widths)
    }
}

/// What it replaces.
private struct NormThenLinear: ScalarFunction {
    let widths: [Int]
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        x[0].layerNormalized(x[1], x[2]).linear(x[3], x.count > 4 ? x[4] : nil, splitInto: widths)
    }
}

@Suite struct NormalizedLinearSplitTests {
    @Test(arguments: [([16, 48], 32), ([4, 60], 32), ([15, 465], 240), ([1, 16], 17)])
    func floatEqualsDouble(widths: [Int], inner: Int) {
        let out = widths.reduce(0, +)
        let shapes: [Shape] = [[2, 7, 7, inner], [inner], [inner], [out, inner], [out]]
        #expect(NormalizedLinear(widths: widths).largestError(shapes) < 5e-5)
        #expect(NormalizedLinear(widths: widths).largestError(Array(shapes.prefix(4))) < 5e-5)
        #expect(NormalizedLinear(widths: widths).largestError(shapes, unused: [0]) < 5e-5)
    }

    @Test func equalsNormThenLinear() {
        let shapes: [Shape] = [[5, 3, 6], [6], [6], [9, 6], [9]]
        for unused: Set<Int> in [[], [0], [1, 2]] {
            let fused = NormalizedLinear(widths: [2, 4, 3]).run(shapes, as: Double.self, unused: unused)
            let parts = NormThenLinear(widths: [2, 4, 3]).run(shapes, as: Double.self, unused: unused)
            for (a, b) in zip(fused, parts) { #expect(relativeError(a, b) < 1e-11) }
        }
    }

    /// x is kept in bfloat16 then.
    @Test func gradientsInBfloat16AreNear() {
        let shapes: [Shape] = [[3, 20, 20, 48], [48], [48], [100, 48], [100]]
        let errors = NormalizedLinear(widths: [30, 70]).roundedErrors(shapes)
        #expect(errors.allSatisfy { $0 < 2e-2 }, "\(errors)")
        ProductPrecision.$current.withValue(.bfloat16) {
            #expect(NormalizedLinear(widths: [30, 70]).threadViolations(shapes) == [])
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(
            NormalizedLinear(widths: [8, 56]).threadViolations([[8, 16, 16, 32], [32], [32], [64, 32], [64]]) == [])
    }
}
