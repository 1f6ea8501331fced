import Autograd
import Tensors
import TestSupport
import Testing

private struct Focal: PixelLoss {
    var gamma = 2.0
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> {
        x.pixelFocal(labels, gamma: gamma, classWeights: (0..<x.shape.columns).map { 1 + Double($0 % 3) })
    }
}

@Suite struct PixelFocalTests {
    @Test(arguments: [2, 11, 19, 150])
    func theFastKernelEqualsTheReference(classes: Int) {
        for gamma in [0.5, 1, 2, 3] { Focal(gamma: gamma).expectPrecision(classes: classes, tolerance: 5e-6) }
    }

    @Test func resultsDoNotDependOnThreads() { Focal().expectSameOnAnyThreads(classes: 11) }

    @Test func ignoredRowsCountForNothing() { Focal().expectIgnoredRowsToCountForNothing(classes: 5) }

    @Test func gammaZeroIsTheCrossEntropy() {
        let x = Variable(operands([[40, 6]])[0])
        let labels = pixelLabels(40, classes: 6)
        let weights = [1, 2, 0.5, 3, 1, 1]
        let focal = x.pixelFocal(labels, gamma: 0, classWeights: weights).value.item
        #expect(focal == x.pixelCrossEntropy(labels, classWeights: weights).value.item)
        #expect(x.pixelFocal(labels, gamma: 2).value.item < x.pixelCrossEntropy(labels).value.item)
    }

    @Test func surePixelsHaveNoGradientThatIsNoNumber() {
        for gamma in [0.5, 2] {
            let tape = Tape<Float>()
            let x = tape.leaf(Tensor([2, 2], [90, -90, 0, 40]))
            let y = x.pixelFocal([0, 1], gamma: gamma)
            tape.backward(from: y)
            #expect(y.value.item == 0)
            #expect(tape.gradient(of: x)?.array.allSatisfy { abs($0) < 1e-6 } == true)
        }
    }
}
