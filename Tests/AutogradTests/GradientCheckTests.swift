import Autograd
import Tensors
import Testing

@Suite struct GradientCheckTests {
    @Test(arguments: GradientCheck.all.map(\.name))
    func gradientAgreesWithCentralDifferences(name: String) throws {
        let check = try #require(GradientCheck.all.first { $0.name == name })
        let outcome = check.run()
        #expect(
            outcome.passed, "\(name): largest relative error \(outcome.largestRelativeError), bound \(outcome.bound)")
    }

    @Test func everyOperationHasACase() {
        var covered: Set<String> = []
        for check in GradientCheck.all { covered.formUnion(check.run().operations.map(\.name)) }
        let listed = Set(Operation.builtIn.map(\.name))
        #expect(listed.subtracting(covered) == [], "these operations have no gradient check")
        #expect(covered.subtracting(listed) == [], "these operations are missing in Operation.builtIn")
    }

    @Test func aWrongGradientIsFound() {
        let wrong = GradientCheck("wrong", [[3]]) { inputs in
            let x = inputs[0].value
            return [
                Variable.record(Operation("wrong"), [inputs[0]], x.scaled(by: 2)) { g, _ in [g.scaled(by: 2.0001)] }
            ]
        }
        #expect(!wrong.run().passed)
    }
}
