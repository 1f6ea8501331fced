import Autograd
import Distillation
import Testing

@Suite struct GradientTests {
    @Test(arguments: GradientCheck.distillation.map(\.name))
    func gradientAgreesWithCentralDifferences(name: String) throws {
        let check = try #require(GradientCheck.distillation.first { $0.name == name })
        let outcome = check.run()
        #expect(
            outcome.passed, "\(name): largest relative error \(outcome.largestRelativeError), bound \(outcome.bound)")
    }

    @Test func everyLossHasACase() {
        for kind in LossKind.allCases {
            let prefix = "distillation/" + kind.rawValue
            #expect(
                GradientCheck.distillation.contains { $0.name == prefix || $0.name.hasPrefix(prefix + "/") },
                "\(prefix)")
        }
    }
}
