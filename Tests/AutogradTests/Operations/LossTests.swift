import Autograd
import Tensors
import Testing

@Suite struct LossTests {
    @Test(arguments: [1, 2, 10, 16, 17, 100, 1000])
    func fastLossesEqualTheReference(classes: Int) {
        for rows in [1, 5, 130] {
            let inputs = operands([[rows, classes], [rows, classes]])
            let logits = inputs[0].scaled(by: 3)
            let (soft, exactSoft) = (inputs[1].softmax(), inputs[1].softmax().converted(to: Double.self))
            let teacher = inputs[1].scaled(by: 3)
            let labels = (0..<rows).map { Int32($0 * 7 % classes) }
            for smoothing in [0, 0.1] {
                expectAgreement([logits], tolerance: 2e-6, "labels") {
                    [$0[0].crossEntropy(labels: labels, smoothing: smoothing)]
                } _: {
                    [$0[0].crossEntropy(labels: labels, smoothing: smoothing)]
                }
            }
            expectAgreement([logits], tolerance: 2e-6, "soft") {
                [$0[0].crossEntropy(targets: soft)]
            } _: {
                [$0[0].crossEntropy(targets: exactSoft)]
            }
            let exactTeacher = teacher.converted(to: Double.self)
            for temperature in [1.0, 4] {
                expectAgreement([logits], tolerance: 4e-6, "divergence") {
                    [$0[0].distillationDivergence(teacherLogits: teacher, temperature: temperature)]
                } _: {
                    [$0[0].distillationDivergence(teacherLogits: exactTeacher, temperature: temperature)]
                }
            }
            expectAgreement([logits], tolerance: 2e-6, "squares") {
                [$0[0].meanSquaredError(teacher)]
            } _: {
                [$0[0].meanSquaredError(exactTeacher)]
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

    @Test func divergenceIsTheSoftCrossEntropyLessTheTeachersEntropy() {
        let inputs = operands([[3, 5], [3, 5]]).map { $0.converted(to: Double.self) }
        let teacher = Variable(inputs[1].scaled(by: 0.25))
        let (p, logP) = (teacher.softmax().value, teacher.logSoftmax().value)
        let entropy = -zip(p.array, logP.array).reduce(0) { $0 + $1.0 * $1.1 } / 3
        let cross = Variable(inputs[0].scaled(by: 0.25)).crossEntropy(targets: p).value.item
        let x = Variable(inputs[0])
        let loss = x.distillationDivergence(teacherLogits: inputs[1], temperature: 4).value.item
        #expect(abs(loss - 16 * (cross - entropy)) < 1e-12)
        #expect(abs(x.distillationDivergence(teacherLogits: inputs[0], temperature: 4).value.item) < 1e-12)
    }

    @Test func uniformLogitsCostTheLogarithmOfTheClasses() {
        let x = Variable(Tensor<Float>([2, 10], repeating: 50))
        #expect(abs(x.crossEntropy(labels: [0, 9], smoothing: 0.1).value.item - 2.3025851) < 1e-6)
    }

    @Test func meanSquaredErrorOfManyElements() {
        let x = Variable(Tensor<Float>([100, 1000], repeating: 1))
        #expect(x.meanSquaredError(Tensor([100, 1000], repeating: 3)).value.item == 4)
    }
}
