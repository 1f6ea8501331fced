import Autograd
import Tensors
import TestSupport
import Testing

private struct Lovasz: PixelLoss {
    func callAsFunction<S>(_ x: Variable<S>, _ labels: [UInt8]) -> Variable<S> { x.lovaszSoftmax(labels) }
}

@Suite struct LovaszSoftmaxTests {
    @Test(arguments: [2, 5, 19])
    func theFastKernelEqualsTheReference(classes: Int) { Lovasz().expectPrecision(classes: classes, tolerance: 5e-6) }

    @Test func resultsDoNotDependOnThreads() { Lovasz().expectSameOnAnyThreads(classes: 11) }

    @Test func nothingCountsInABatchThatIsIgnored() {
        let tape = Tape<Float>()
        let x = tape.leaf(operands([[5, 3]])[0])
        let y = x.lovaszSoftmax([255, 255, 255, 255, 255])
        tape.backward(from: y)
        #expect(y.value.item == 0)
        #expect(tape.gradient(of: x)?.array == [Float](repeating: 0, count: 15))
    }

    /// For sure answers the extension is the Jaccard loss itself: class 0 has 1 pixel of 3 in common, class 1 has 1 of 3.
    @Test func sureAnswersCostTheirJaccardLoss() {
        let x = Variable(Tensor<Double>([4, 2], [90, 0, 90, 0, 0, 90, 0, 90]))
        #expect(abs(x.lovaszSoftmax([0, 1, 0, 1]).value.item - 2.0 / 3) < 1e-12)
        #expect(abs(x.lovaszSoftmax([0, 0, 1, 1]).value.item) < 1e-12)
    }

    @Test func equalErrorsStayInTheirOrder() {
        // Four equal rows: the steps of the Jaccard loss fall on them as they come.
        func steps(_ labels: [UInt8]) -> [Float] {
            let tape = Tape<Float>()
            let x = tape.leaf(Tensor([4, 2], repeating: 0))
            tape.backward(from: x.lovaszSoftmax(labels))
            return (tape.gradient(of: x)?.array ?? []).enumerated().filter { $0.0 % 2 == 0 }.map(\.1)
        }
        // Class 0 alone occurs: each row is an equal step of it, p (1 - p) / 4.
        for step in steps([0, 0, 0, 0]) { #expect(abs(step + 0.0625) < 1e-7) }
        // The steps of class 0 are 1/2, 1/6, 1/3, 0 and those of class 1 1/3, 1/3, 1/12, 1/4, each negative for its own
        // rows; of both, half the difference goes through p (1 - p) = 1/4.
        for (step, expected) in zip(steps([0, 1, 0, 1]), [-5 / 6, 1 / 2, -5 / 12, 1 / 4] as [Float]) {
            #expect(abs(step - expected / 8) < 1e-7)
        }
    }
}
