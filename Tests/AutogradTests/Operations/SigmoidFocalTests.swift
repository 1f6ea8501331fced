import Autograd
import Tensors
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var rows: Int
    var classes: Int
    var alpha = 0.25
    var gamma = 2.0
    var testDescription: String { "\(rows) rows of \(classes), alpha \(alpha), gamma \(gamma)" }

    var labels: [Int32] { (0..<rows).map { Int32($0 * 7 % (classes + 3)) - 2 }.map { min($0, Int32(classes) - 1) } }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [v[0].sigmoidFocal(labels, alpha: alpha, gamma: gamma)]
    }
}

@Suite struct SigmoidFocalTests {
    private static let cases: [Case] = [
        Case(rows: 5, classes: 3), Case(rows: 40, classes: 1), Case(rows: 33, classes: 16),
        Case(rows: 700, classes: 80),
        Case(rows: 12, classes: 17, gamma: 1.5), Case(rows: 12, classes: 5, alpha: -1),
        Case(rows: 9, classes: 4, alpha: 0.6, gamma: 0),
    ]

    @Test(arguments: cases)
    fileprivate func precisionAndThreads(_ c: Case) {
        let shapes: [Shape] = [[c.rows, c.classes]]
        #expect(c.largestError(shapes, scale: 4) < 3e-6)
        #expect(c.threadViolations(shapes) == [])
    }

    /// Four answers by hand: p = 1/2 costs a (1/2)^2 ln 2.
    @Test func anUndecidedAnswerCostsWhatTheFormulaSays() {
        func loss(_ labels: [Int32]) -> Double {
            Variable(Tensor<Double>.zeros([labels.count, 2])).sigmoidFocal(labels).value.item
        }
        let quarter = 0.25 * 0.6931471805599453
        #expect(abs(loss([0]) - quarter * (0.25 + 0.75)) < 1e-15)
        #expect(abs(loss([-1]) - quarter * 1.5) < 1e-15)
        #expect(loss([-2]) == 0)
        #expect(abs(loss([-2, 1, -1]) - quarter * 2.5) < 1e-15)
    }

    @Test func rowsThatCountForNothingHaveNoGradient() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([3, 2], [.nan, .infinity, 1, -1, 2, 0.5]))
        let loss = x.sigmoidFocal([-2, 1, -1])
        tape.backward(from: loss)
        let gradient = tape.gradient(of: x)?.array ?? []
        #expect(loss.value.item.isFinite)
        #expect(gradient.prefix(2) == [0, 0])
        #expect(gradient.dropFirst(2).allSatisfy { $0.isFinite && $0 != 0 })
    }

    @Test func hugeLogitsStayFinite() {
        for gamma in [0, 1.5, 2] {
            let tape = Tape<Float>()
            let x = tape.leaf(Tensor([2, 2], [1e4, -1e4, -200, 200]))
            let loss = x.sigmoidFocal([0, 0], gamma: gamma)
            tape.backward(from: loss)
            #expect(abs(loss.value.item - (0.25 * 200 + 0.75 * 200)) < 1e-3)
            #expect(tape.gradient(of: x)?.array.allSatisfy { $0.isFinite } == true)
        }
    }

    @Test func aLogitThatIsNoNumberIsNotHidden() {
        let loss = Variable(Tensor<Float>([1, 3], [0, .nan, 1])).sigmoidFocal([0])
        #expect(loss.value.item.isNaN)
    }
}
