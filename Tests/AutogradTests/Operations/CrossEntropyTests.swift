import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct CrossEntropyTests {
    @Test(arguments: [1, 2, 10, 16, 17, 100, 1000])
    func theFastKernelEqualsTheReference(classes: Int) {
        for rows in [1, 5, 130] {
            let inputs = operands([[rows, classes], [rows, classes]])
            let logits = inputs[0].scaled(by: 3)
            let (soft, exactSoft) = (inputs[1].softmax(), inputs[1].softmax().converted(to: Double.self))
            let labels = (0..<rows).map { Int32($0 * 7 % classes) }
            for smoothing in [0, 0.1] {
                expectAgreement([logits], tolerance: 2e-6, "labels") {
                    [$0[0].crossEntropy(labels: labels, smoothing: smoothing)]
                } _: {
                    [$0[0].crossEntropy(labels: labels, smoothing: smoothing)]
                }
            }
            // Rows that sum to 1, and rows that do not.
            for factor in [1, 1.75] as [Float] {
                let (targets, exact) = (soft.scaled(by: factor), exactSoft.scaled(by: Double(factor)))
                expectAgreement([logits], tolerance: 2e-6, "soft") {
                    [$0[0].crossEntropy(targets: targets)]
                } _: {
                    [$0[0].crossEntropy(targets: exact)]
                }
            }
        }
    }

    @Test func smoothedLabelsEqualTheirSoftTargets() {
        let x = Variable(operands([[3, 5]])[0].converted(to: Double.self))
        var targets = [Double](repeating: 0.02, count: 15)
        for (row, label) in [1, 0, 4].enumerated() { targets[row * 5 + label] = 0.92 }
        let a = x.crossEntropy(labels: [1, 0, 4], smoothing: 0.1).value.item
        let b = x.crossEntropy(targets: Tensor([3, 5], targets)).value.item
        let c = -zip(x.logSoftmax().value.array, targets).reduce(0) { $0 + $1.0 * $1.1 } / 3
        #expect(abs(a - b) < 1e-12 && abs(a - c) < 1e-12)
    }

    @Test func uniformLogitsCostTheLogarithmOfTheClasses() {
        let x = Variable(Tensor<Float>([2, 10], repeating: 50))
        #expect(abs(x.crossEntropy(labels: [0, 9], smoothing: 0.1).value.item - 2.3025851) < 1e-6)
    }

    @Test func resultsDoNotDependOnThreads() {
        let targets = operands([[301, 1000]], seed: 9)[0]
        let labels = (0..<301).map { Int32($0 * 3) }
        expectSameOnAnyThreads(operands([[301, 1000]]), "cross-entropy") {
            [$0[0].crossEntropy(labels: labels, smoothing: 0.1), $0[0].crossEntropy(targets: targets)]
        }
    }
}
