import Autograd
import Distillation
import JSON
import Tensors
import TestSupport
import Testing

/// Losses on dense heads against numbers of an independent implementation, Scripts/fixtures/losses.py.
@Suite struct HeadLossTests {
    private func loss(_ fixture: LossFixture) -> any HeadLoss {
        let threshold = fixture.number("threshold")
        if fixture.kind == "headKD" {
            return HeadClassLoss(temperature: fixture.number("temperature"), threshold: threshold)
        }
        let distance = HeadLossRule.Distance(rawValue: fixture["distance"].stringValue ?? "") ?? .giou
        return HeadBoxLoss(HeadLossRule(threshold: threshold, distance: distance))
    }

    /// The loss and its gradients, those of classes and boxes of all levels.
    private func run<S: Scalar>(_ fixture: LossFixture, as type: S.Type) -> (loss: Double, gradients: [Tensor<S>?]) {
        let levels = fixture["levels"].arrayValue ?? []
        func maps(_ key: String) -> [Tensor<S>] {
            levels.map { LossFixture.tensor($0[key] ?? .null).converted(to: type) }
        }
        let tape = Tape<S>()
        let leaves = (maps("classes") + maps("boxes")).map { tape.leaf($0) }
        let answers = HeadAnswers(
            student: leaves, teacher: maps("teacherClasses") + maps("teacherBoxes"), classes: 3)
        // A call of what a call returns would crash the compiler.
        let loss = loss(fixture)
        let result = loss(answers)
        tape.backward(from: result)
        return (Double(result.value.item), leaves.map { tape.gradient(of: $0) })
    }

    private func error<S: Scalar>(_ fixture: LossFixture, as type: S.Type) -> Double {
        let (loss, found) = run(fixture, as: type)
        let wanted = ["classGradients", "boxGradients"].flatMap { fixture[$0].arrayValue ?? [] }
        var worst = abs(loss - fixture.number("loss")) / fixture.number("loss")
        for (found, wanted) in zip(found, wanted.map { LossFixture.tensor($0) }) {
            let isReached = wanted.array.contains { $0 != 0 }
            worst = max(worst, isReached ? distance(found, wanted) : found == nil ? 0 : .infinity)
        }
        return wanted.count == found.count ? worst : .infinity
    }

    @Test(arguments: LossFixture.named("headKD") + LossFixture.named("boxKD"))
    func agreesWithAnIndependentImplementation(fixture: LossFixture) {
        #expect(error(fixture, as: Double.self) < 1e-9)
        #expect(error(fixture, as: Float.self) < 3e-5)
    }

    @Test func aStudentThatAgreesLosesNothing() {
        let answers = [normal([2, 3, 3, 6], "classes"), normal([2, 3, 3, 8], "boxes")]
        let same = HeadAnswers(student: answers.map { Variable($0) }, teacher: answers, classes: 3)
        #expect(HeadClassLoss(temperature: 2)(same).value.item == 0)
        #expect(isClose(HeadBoxLoss()(same).value.item, 0, 1e-6))
    }

    @Test func aTeacherThatIsSureOfNothingTeachesNoBoxes() {
        let tape = Tape<Double>()
        let classes = tape.leaf(normal([1, 2, 2, 3], "classes"))
        let boxes = tape.leaf(normal([1, 2, 2, 4], "boxes"))
        let unsure = Tensor<Double>([1, 2, 2, 3], repeating: -4)
        let answers = HeadAnswers(
            student: [classes, boxes], teacher: [unsure, normal([1, 2, 2, 4], "other boxes")], classes: 3)
        #expect(answers.confidence(0.3).total == 1)
        let loss = HeadBoxLoss()(answers)
        tape.backward(from: loss)
        #expect(loss.value.item == 0)
        #expect(tape.gradient(of: boxes)?.array.allSatisfy { $0 == 0 } == true)
    }

    @Test func bitsDoNotDependOnThreads() {
        let shapes: [Shape] = [[3, 20, 30, 18], [3, 20, 30, 36]]
        let student = shapes.map { normal($0, "student").converted(to: Float.self) }
        let teacher = shapes.map { normal($0, "teacher").converted(to: Float.self) }
        for loss in [HeadClassLoss(), HeadBoxLoss()] as [any HeadLoss] {
            let violations = ThreadIndependence.violations {
                let tape = Tape<Float>()
                let leaves = student.map { tape.leaf($0) }
                let answers = HeadAnswers(student: leaves, teacher: teacher, classes: 2)
                let result = loss(answers)
                tape.backward(from: result)
                return [result.value.bits] + leaves.compactMap { tape.gradient(of: $0)?.bits }
            }
            #expect(violations == [])
        }
    }

    @Test func headsThatDoNotGoTogetherAreToldApart() throws {
        let good: [Shape] = [[1, 4, 4, 6], [1, 2, 2, 6], [1, 4, 4, 8], [1, 2, 2, 8]]
        try HeadAnswers<Float>.check(student: good, teacher: good, classes: 3)
        func message(_ student: [Shape], _ teacher: [Shape], classes: Int = 3) -> String {
            do {
                try HeadAnswers<Float>.check(student: student, teacher: teacher, classes: classes)
                return ""
            } catch { return "\(error)" }
        }
        #expect(message(good, [good[0], good[2]]).contains("the student's has 2 levels and the teacher's 1"))
        var other = good
        other[1] = [1, 2, 2, 9]
        #expect(message(good, other).contains("at level 1 the student's answers [1, 2, 2, 6]"))
        #expect(message(good, good, classes: 4).contains("level 0 of the student's answers"))
        #expect(message([[1, 10]], [[1, 10]]).contains("does not answer with classes and boxes"))
    }
}
