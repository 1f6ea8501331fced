import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct SoftmaxTests {
    @Test(arguments: [1, 2, 7, 10, 15, 16, 17, 31, 49, 100, 197, 1000])
    func fastSoftmaxEqualsTheReference(columns: Int) {
        let x = operands([[67, columns]])[0].scaled(by: 4)
        expectAgreement([x], tolerance: 4e-6, "softmax \(columns)") {
            [$0[0].softmax()]
        } _: {
            [$0[0].softmax()]
        }
        expectAgreement([x], tolerance: 4e-6, "logSoftmax \(columns)") {
            [$0[0].logSoftmax()]
        } _: {
            [$0[0].logSoftmax()]
        }
    }

    @Test func largeLogitsStayFinite() {
        let x = Variable(Tensor<Float>([1, 3], [1000, 1001, -1000]))
        let e = 2.718281828459045
        #expect(relativeError(x.softmax().value, Tensor([1, 3], [1 / (1 + e), e / (1 + e), 0])) < 1e-6)
        #expect(relativeError(x.logSoftmax().value, Tensor([1, 3], [-1.3132617, -0.3132617, -2001.3132617])) < 1e-6)
    }

    @Test(arguments: [10, 40])
    func whatIsNotANumberShows(columns: Int) {
        for position in [0, 9, columns - 1] {
            var values = [Float](repeating: 1, count: columns)
            values[position] = .nan
            let x = Variable(Tensor<Float>([1, columns], values))
            #expect(x.softmax().value.array.allSatisfy { $0.isNaN })
            #expect(x.crossEntropy(labels: [3]).value.item.isNaN)
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        expectSameOnAnyThreads(operands([[999, 197]]), "softmax") { [$0[0].softmax().logSoftmax()] }
    }
}
