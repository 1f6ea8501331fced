import Tasks
import Testing
import Training

@Suite struct RandomSweepTests {
    private func problem(_ texts: [String], draws: Int = 3) -> String {
        do {
            _ = try SweepPlan(texts, draws: draws, seed: 0)
            return ""
        } catch { return "\(error)" }
    }

    @Test func drawsFollowFromTheSeedAndGrowWithoutChange() throws {
        let texts = ["optimizer.learningRate=1e-4..1e-2:log", "loss.mixup=0..0.8", "model.dropPath=0,0.1"]
        let ten = try SweepPlan(texts, draws: 10, seed: 3)
        #expect(ten.arms.count == 10 && Set(ten.arms.map(\.folder)).count == 10)
        #expect(try SweepPlan(texts, draws: 10, seed: 3).arms == ten.arms)
        #expect(try Array(SweepPlan(texts, draws: 20, seed: 3).arms.prefix(10)) == ten.arms)
        #expect(try SweepPlan(texts, draws: 10, seed: 4).arms != ten.arms)
    }

    @Test func valuesLieInTheirRanges() throws {
        let plan = try SweepPlan(
            ["optimizer.learningRate=1e-4..1e-2:log", "a=2.5..3.5", "model.depth=2..4", "b=x,y"], draws: 200, seed: 1)
        let columns = (0..<4).map { index in plan.arms.map { $0.values[index] } }
        let rates = columns[0].compactMap { Double($0) }
        #expect(rates.count == 200 && rates.allSatisfy { (1e-4...1e-2).contains($0) })
        // Equal chances for equal factors: half of the draws lie below the middle factor.
        #expect((70...130).contains(rates.count { $0 < 1e-3 }))
        #expect(columns[1].compactMap { Double($0) }.allSatisfy { (2.5...3.5).contains($0) })
        #expect(Set(columns[2]) == ["2", "3", "4"] && Set(columns[3]) == ["x", "y"])
        // The ends are as likely as what lies between them.
        for depth in ["2", "3", "4"] { #expect((50...85).contains(columns[2].count { $0 == depth }), "\(depth)") }
        #expect(plan.variations[0].values == columns[0] && plan.variations[3].values == ["x", "y"])
    }

    @Test func everyDrawIsAnotherOne() throws {
        #expect(try SweepPlan(["a=1,2,3", "b=1,2"], draws: 6, seed: 0).arms.count == 6)
        #expect(problem(["a=1,2,3", "b=1,2"], draws: 7).contains("6 combinations only"))
        #expect(problem(["a=1..3"], draws: 4).contains("3 combinations only"))
    }

    @Test func mistakesAreToldInASentence() {
        #expect(problem(["a=2..1"]).contains("expected the lower end first"))
        #expect(problem(["a=0..1:log"]).contains("expected ends above 0"))
        #expect(problem(["a=0..x"]).contains("expected a range such as"))
        #expect(problem(["a=0..1:lin"]).contains("expected a range such as"))
        #expect(problem(["a=1..2", "a=3..4"]).contains("names a twice"))
        #expect(problem(["a=1..2"], draws: 0).contains("--random is 0"))
        #expect(problem(["data.path=../a,../b"], draws: 2).isEmpty)
        #expect(throws: RecipeError.self) { try SweepPlan(["a=1..2"]) }
    }
}
