import Autograd
import Tensors
import TestSupport
import Testing

private let key = RandomKey(seed: 3, purpose: "feed-forward branch")

private struct Branch: ScalarFunction {
    var rate = 0.0
    var hasBase = false
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let layers = FeedForwardVariables(
            gain: x[1], offset: x[2], epsilon: 1e-6, expand: x[3], expandBias: x[4], reduce: x[5], reduceBias: x[6])
        return [
            x[0].feedForwardBranch(
                layers, base: hasBase ? x[8] : nil, scale: x.count > 7 ? x[7] : nil, dropPathRate: rate, key: key)
        ]
    }
}

/// What it replaces.
private struct Layers: ScalarFunction {
    var rate = 0.0
    var hasBase = false
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let hidden = x[0].layerNormalized(x[1], x[2]).linear(x[3], x[4])
        return [
            (hasBase ? x[8] : x[0]).addingResidual(
                hidden.geluLinear(x[5], x[6]), scale: x.count > 7 ? x[7] : nil, dropPathRate: rate, key: key)
        ]
    }
}

private func shapes(_ leading: [Int], _ c: Int, _ h: Int, scale: Bool = true, base: Bool = false) -> [Shape] {
    let x = Shape(leading + [c])
    return [x, [c], [c], [h, c], [h], [c, h], [c]] + (scale ? [[c]] : []) + (base ? [x] : [])
}

@Suite struct FeedForwardBranchTests {
    /// 100 and more channels keep the hidden values, fewer compute them again.
    @Test(arguments: [([4, 6, 6], 32, 128), ([3, 50], 17, 40), ([2, 5, 5], 100, 52), ([700], 16, 64)])
    func floatEqualsDouble(leading: [Int], channels: Int, hidden: Int) {
        #expect(Branch(rate: 0.3).largestError(shapes(leading, channels, hidden)) < 5e-5)
        #expect(Branch().largestError(shapes(leading, channels, hidden, scale: false)) < 5e-5)
        #expect(Branch(hasBase: true).largestError(shapes(leading, channels, hidden, base: true)) < 5e-5)
    }

    /// Sums of gradients so large that there are four chunks of rows, cut evenly because the last would be short.
    @Test func evenChunksOfRowsGiveTheSameGradients() {
        let operands = shapes([2, 30, 5], 192, 768)
        #expect(Branch(rate: 0.3).largestError(operands) < 5e-5)
        #expect(Branch(rate: 0.3).threadViolations(operands) == [])
    }

    @Test(arguments: [0.0, 0.4]) func equalsItsLayers(rate: Double) {
        for (scale, base) in [(false, false), (true, false), (true, true)] {
            let operands = shapes([5, 3, 2], 6, 9, scale: scale, base: base)
            let fused = Branch(rate: rate, hasBase: base).run(operands, as: Double.self)
            let parts = Layers(rate: rate, hasBase: base).run(operands, as: Double.self)
            for (a, b) in zip(fused, parts) { #expect(relativeError(a, b) < 1e-11) }
        }
    }

    /// From 96 channels on the hidden values are kept, in bfloat16; 1,024 of them lie in rows of 1,040, apart in the cache.
    @Test(arguments: [(32, 128), (100, 52), (256, 1024)])
    func gradientsInBfloat16AreNear(channels: Int, hidden: Int) {
        let operands = shapes([3, 11, 13], channels, hidden)
        let errors = Branch(rate: 0.3).roundedErrors(operands)
        #expect(errors.allSatisfy { $0 < 2e-2 }, "\(errors)")
        ProductPrecision.$current.withValue(.bfloat16) {
            #expect(Branch(rate: 0.3).threadViolations(operands) == [])
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Branch(rate: 0.3).threadViolations(shapes([8, 12, 12], 32, 128)) == [])
        #expect(Branch(rate: 0.3).threadViolations(shapes([8, 12, 12], 112, 96)) == [])
    }
}
