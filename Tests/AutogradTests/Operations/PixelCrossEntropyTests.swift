import Autograd
import Tensors
import TestSupport
import Testing

private struct Plain: PixelLoss {
    var smoothing = 0.0
    var weighted = false
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> {
        let weights = weighted ? (0..<x.shape.columns).map { 0.25 + Double($0 * 7 % 5) } : []
        return x.pixelCrossEntropy(labels, classWeights: weights, smoothing: smoothing)
    }
}

@Suite struct PixelCrossEntropyTests {
    @Test(arguments: [1, 2, 5, 11, 16, 19, 32, 33, 150, 256])
    func theFastKernelEqualsTheReference(classes: Int) {
        Plain().expectPrecision(classes: classes, tolerance: 2e-6)
        Plain(smoothing: 0.1).expectPrecision(classes: classes, tolerance: 2e-6)
        Plain(smoothing: 0.1, weighted: true).expectPrecision(classes: classes, tolerance: 2e-6)
    }

    @Test(arguments: [2, 11, 150])
    func resultsDoNotDependOnThreads(classes: Int) { Plain(weighted: true).expectSameOnAnyThreads(classes: classes) }

    @Test(arguments: [2, 11, 19])
    func ignoredRowsCountForNothing(classes: Int) {
        Plain().expectIgnoredRowsToCountForNothing(classes: classes)
        Plain(smoothing: 0.2, weighted: true).expectIgnoredRowsToCountForNothing(classes: classes)
    }

    @Test func withoutIgnoredRowsItIsTheCrossEntropyOfImages() {
        let x = operands([[70, 9]])[0]
        let labels = (0..<70).map { UInt8($0 % 9) }
        expectAgreement([x], tolerance: 2e-6, "smoothed") {
            [$0[0].pixelCrossEntropy(labels, smoothing: 0.1)]
        } _: {
            [$0[0].crossEntropy(labels: labels.map { Int32($0) }, smoothing: 0.1)]
        }
    }

    @Test func largeLogitsLoseNoDigits() {
        let x = Variable(Tensor<Float>([2, 3], [5000, 5001, 5000, -3000, -3000, -3001]))
        #expect(abs(x.pixelCrossEntropy([1, 1]).value.item - 0.7067) < 1e-4)
        #expect(Variable(Tensor<Float>([1, 2], [.nan, 0])).pixelCrossEntropy([1]).value.item.isNaN)
    }

    @Test func ofAClassWithoutWeightNothingIsLeft() {
        let x = Variable(operands([[3, 2]])[0])
        #expect(x.pixelCrossEntropy([1, 1, 1], classWeights: [1, 0]).value.item == 0)
    }
}
