import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct DistillationDivergenceTests {
    @Test(arguments: [1, 2, 10, 16, 17, 100, 1000])
    func theFastKernelEqualsTheReference(classes: Int) {
        for rows in [1, 5, 130] {
            let inputs = operands([[rows, classes], [rows, classes]]).map { $0.scaled(by: 3) }
            let exactTeacher = inputs[1].converted(to: Double.self)
            for temperature in [1.0, 4] {
                expectAgreement([inputs[0]], tolerance: 4e-6, "divergence") {
                    [$0[0].distillationDivergence(teacherLogits: inputs[1], temperature: temperature)]
                } _: {
                    [$0[0].distillationDivergence(teacherLogits: exactTeacher, temperature: temperature)]
                }
            }
        }
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

    @Test func resultsDoNotDependOnThreads() {
        let teacher = operands([[301, 1000]], seed: 9)[0]
        expectSameOnAnyThreads(operands([[301, 1000]]), "divergence") {
            [$0[0].distillationDivergence(teacherLogits: teacher, temperature: 2)]
        }
    }
}
