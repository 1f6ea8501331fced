import Autograd
import Tensors
import Testing

private struct Hard: PixelLoss {
    var threshold = 0.3
    var least = 2
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> {
        x.hardPixelCrossEntropy(labels, threshold: threshold, least: least)
    }
}

@Suite struct HardPixelCrossEntropyTests {
    @Test(arguments: [2, 11, 19])
    func theFastKernelEqualsTheReference(classes: Int) {
        Hard().expectPrecision(classes: classes, tolerance: 2e-6)
        Hard(threshold: 0.05, least: 300).expectPrecision(classes: classes, tolerance: 2e-6)
        Hard(threshold: 2, least: 0).expectPrecision(classes: classes, tolerance: 2e-6)
    }

    @Test func resultsDoNotDependOnThreads() { Hard(least: 3000).expectSameOnAnyThreads(classes: 11) }

    @Test func ignoredRowsCountForNothing() { Hard(threshold: 0.5).expectIgnoredRowsToCountForNothing(classes: 5) }

    /// Logits x and 0 and the label 0: the smaller x, the harder.
    private func kept(_ x: [Float], threshold: Double, least: Int) -> [Bool] {
        let tape = Tape<Float>()
        let leaf = tape.leaf(Tensor([x.count, 2], x.flatMap { [$0, 0] }))
        let y = leaf.hardPixelCrossEntropy(
            [UInt8](repeating: 0, count: x.count), threshold: threshold, least: least)
        tape.backward(from: y)
        let gradient = tape.gradient(of: leaf)?.array ?? []
        return x.indices.map { gradient[2 * $0] != 0 }
    }

    @Test func rowsBelowTheThresholdAreKept() {
        // Probabilities 0.5, 0.73, 0.27 and 0.88.
        #expect(kept([0, 1, -1, 2], threshold: 0.6, least: 0) == [true, false, true, false])
        #expect(kept([0, 1, -1, 2], threshold: 1.1, least: 0) == [true, true, true, true])
    }

    @Test func atLeastSoManyAreKept() {
        #expect(kept([0, 1, -1, 2], threshold: 0, least: 1) == [false, false, true, false])
        #expect(kept([0, 1, -1, 2], threshold: 0, least: 3) == [true, true, true, false])
        // With fewer rows than that, all but the easiest.
        #expect(kept([0, 1, -1, 2], threshold: 0, least: 100) == [true, true, true, false])
    }

    @Test func ofEqualRowsNoneIsHarder() {
        #expect(kept([1, 1, 1], threshold: 0, least: 2) == [false, false, false])
    }

    @Test func whatIsNotANumberIsHard() {
        let x = Variable(Tensor<Float>([2, 2], [.nan, 0, 5, 0]))
        #expect(x.hardPixelCrossEntropy([0, 0], threshold: 0.1, least: 1).value.item.isNaN)
    }
}
