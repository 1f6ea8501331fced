import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct MeanSquaredErrorTests {
    @Test(arguments: [[1, 1], [5, 17], [130, 1000]] as [Shape])
    func theFastKernelEqualsTheReference(shape: Shape) {
        let inputs = operands([shape, shape]).map { $0.scaled(by: 3) }
        let exactTarget = inputs[1].converted(to: Double.self)
        expectAgreement([inputs[0]], tolerance: 2e-6, "\(shape)") {
            [$0[0].meanSquaredError(inputs[1])]
        } _: {
            [$0[0].meanSquaredError(exactTarget)]
        }
    }

    @Test func meanSquaredErrorOfManyElements() {
        let x = Variable(Tensor<Float>([100, 1000], repeating: 1))
        #expect(x.meanSquaredError(Tensor([100, 1000], repeating: 3)).value.item == 4)
    }

    @Test func resultsDoNotDependOnThreads() {
        let target = operands([[301, 1000]], seed: 9)[0]
        expectSameOnAnyThreads(operands([[301, 1000]]), "mean squared error") { [$0[0].meanSquaredError(target)] }
    }
}
