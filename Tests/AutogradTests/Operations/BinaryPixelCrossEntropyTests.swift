import Autograd
import Tensors
import Testing

private struct Binary: PixelLoss {
    var positiveWeight = 1.0
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> {
        x.binaryPixelCrossEntropy(labels, positiveWeight: positiveWeight)
    }
}

/// Rows of one class are labelled 0; this makes every other one of them a 1.
private struct Mixed: PixelLoss {
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> {
        Binary(positiveWeight: 2.5)(x, labels.enumerated().map { $1 == 255 ? 255 : UInt8($0 % 2) })
    }
}

@Suite struct BinaryPixelCrossEntropyTests {
    @Test func theFastKernelEqualsTheReference() {
        Binary().expectPrecision(classes: 1, tolerance: 2e-6)
        Mixed().expectPrecision(classes: 1, tolerance: 2e-6)
    }

    @Test func resultsDoNotDependOnThreads() { Mixed().expectSameOnAnyThreads(classes: 1) }

    @Test func ignoredPixelsCountForNothing() { Mixed().expectIgnoredRowsToCountForNothing(classes: 1) }

    @Test func largeLogitsStayFinite() {
        func loss(_ x: Float, _ label: UInt8) -> Float {
            Variable(Tensor<Float>([1, 1], [x])).binaryPixelCrossEntropy([label]).value.item
        }
        #expect(loss(1000, 0) == 1000 && loss(-1000, 1) == 1000)
        #expect(loss(1000, 1) == 0 || loss(1000, 1) < 1e-37)
        // log(1 + e^-20) keeps its digits.
        #expect(abs(loss(20, 1) / 2.0611537e-9 - 1) < 1e-5)
        #expect(loss(.nan, 1).isNaN)
    }
}
