import Autograd
import Tensors
import Testing

private struct Dice: PixelLoss {
    var classes: [Int]?
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> {
        x.softDice(labels, smoothing: 0.5, classes: classes)
    }
}

@Suite struct SoftDiceTests {
    @Test(arguments: [2, 5, 11, 16, 19, 150])
    func theFastKernelEqualsTheReference(classes: Int) {
        Dice().expectPrecision(classes: classes, tolerance: 5e-6)
        Dice(classes: [classes - 1]).expectPrecision(classes: classes, tolerance: 5e-6)
    }

    @Test(arguments: [2, 19])
    func resultsDoNotDependOnThreads(classes: Int) { Dice().expectSameOnAnyThreads(classes: classes) }

    @Test func ignoredRowsCountForNothing() { Dice().expectIgnoredRowsToCountForNothing(classes: 5) }

    @Test func perfectAnswersCostNothingAndWrongOnesEverything() {
        let x = Variable(Tensor<Double>([4, 2], [80, 0, 80, 0, 0, 80, 0, 80]))
        #expect(abs(x.softDice([0, 0, 1, 1], smoothing: 0).value.item) < 1e-12)
        #expect(abs(x.softDice([1, 1, 0, 0], smoothing: 0).value.item - 1) < 1e-12)
        // (2 * 1 + 1) / (2 + 1 + 1) for class 0 and (2 * 1 + 1) / (1 + 2 + 1) for class 1, of three rows that count.
        #expect(abs(x.softDice([0, 1, 1, 255]).value.item - 0.25) < 1e-12)
    }
}
