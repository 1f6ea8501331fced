import Reporting
import Tasks
import Testing
import Training

@Suite struct SweepConditionTests {
    private func problem(_ texts: [String]) -> String {
        do {
            _ = try SweepPlan(texts, draws: 1, seed: 0)
            return ""
        } catch { return "\(error)" }
    }

    private let texts = [
        "optimizer.kind=adamw,sgd,lion", "optimizer.nesterov=true,false if optimizer.kind=sgd",
        "optimizer.learningRate=1e-3 if optimizer.kind=adamw, lion",
        "optimizer.learningRate=0.1,0.2 if optimizer.kind=sgd",
    ]

    @Test func aKeyCountsOnlyWhereItsConditionHolds() throws {
        let plan = try SweepPlan(texts)
        #expect(
            plan.arms.map { $0.overrides.map { $0.replacing("optimizer.", with: "") } } == [
                ["kind=adamw", "learningRate=1e-3"], ["kind=sgd", "nesterov=true", "learningRate=0.1"],
                ["kind=sgd", "nesterov=true", "learningRate=0.2"], ["kind=sgd", "nesterov=false", "learningRate=0.1"],
                ["kind=sgd", "nesterov=false", "learningRate=0.2"], ["kind=lion", "learningRate=1e-3"],
            ])
        #expect(plan.variations.map(\.key) == ["optimizer.kind", "optimizer.nesterov", "optimizer.learningRate"])
        #expect(plan.arms[0].values == ["adamw", "", "1e-3"])
        #expect(plan.arms[0].folder == "optimizer.kind=adamw,optimizer.learningRate=1e-3")
    }

    @Test func drawsObeyConditions() throws {
        let plan = try SweepPlan(
            [
                "kind=a,b", "rate=1e-4..1e-2:log if kind=a", "rate=1..2 if kind=b", "depth=2..4 if kind=b",
            ], draws: 60, seed: 3)
        for arm in plan.arms {
            let rate = try #require(Double(arm.values[1]))
            #expect(arm.values[0] == "a" ? rate <= 1e-2 && arm.values[2].isEmpty : rate >= 1 && !arm.values[2].isEmpty)
        }
        #expect(Set(plan.arms.map { $0.values[0] }) == ["a", "b"])
        #expect(try SweepPlan(["kind=a,b", "rate=1..2 if kind=b"], draws: 2, seed: 3).arms.count == 2)
    }

    @Test func aQuotedValueMayHoldTheWord() throws {
        #expect(try SweepPlan([#"a="x if y=1",z"#]).arms.map(\.values) == [[#""x if y=1""#], ["z"]])
    }

    @Test func mistakesAreToldWithTheNearestChoice() {
        #expect(problem(["kind=a,b", "rate=1 if kin=a"]).contains("did you mean `if kind=...`?"))
        #expect(problem(["rate=1 if kind=a", "kind=a"]).contains("not varied before"))
        #expect(problem(["kind=adamw,sgd", "rate=1 if kind=adam"]).contains("did you mean `if kind=adamw`?"))
        #expect(problem(["kind=x,y", "rate=1 if kind=q"]).contains("expected one of x, y"))
        #expect(problem(["kind=1..3", "rate=1 if kind=2"]).contains("which has a range"))
        #expect(problem(["kind=x,y", "rate=1 if kind=x if kind=y"]).contains("expected one condition"))
        #expect(problem(["kind=x,y", "rate=1 if kind"]).contains("expected one condition"))
        #expect(problem(["kind=x,y", "rate=1 if kind=x,"]).contains("empty value"))
        #expect(problem(["kind=x,y", "rate=1 if kind=x", "rate=2"]).contains("names rate twice, give all"))
        #expect(problem(["kind=x,y", "rate=1 if kind=x", "rate=2 if kind=y,x"]).contains("may both hold"))
    }

    @Test func everyWrongRangeHasItsNearestValidChoice() {
        #expect(problem(["a=2..1"]).contains("expected the lower end first, 1..2"))
        #expect(problem(["a=1e-2..1e-4:log"]).contains("1e-4..1e-2:log"))
        #expect(problem(["a=3..3"]).contains("or the value 3"))
        #expect(problem(["a=0..1:log"]).contains("such as 1e-3..1:log, or 0..1 without :log"))
        #expect(problem(["a=1..2:lg"]).contains("expected a range such as 1..2 or 1..2:log"))
        #expect(problem(["a=0..1:lin"]).hasSuffix("expected a range such as 0..1"))
        #expect(problem(["a=1..1e20"]).contains("expected ends from -1e15 to 1e15"))
        #expect(problem(["a=1..2,5"]).contains("the range 1..2 stands in a list, expected it alone"))
    }
}

@Suite struct HalvingTests {
    private func problem(rungs: [Int]? = nil, factor: Int = 3, epochs: Int = 60, configurations: Int = 9) -> String {
        do {
            _ = try Halving(rungs: rungs, factor: factor, epochs: epochs, configurations: configurations)
            return ""
        } catch { return "\(error)" }
    }

    private func rungs(_ configurations: Int, _ epochs: Int, _ factor: Int = 3) throws -> [Int] {
        try Halving(rungs: nil, factor: factor, epochs: epochs, configurations: configurations).rungs
    }

    @Test func rungsFollowFromTheNumberOfConfigurations() throws {
        #expect(try rungs(9, 60) == [7, 20] && rungs(27, 81) == [3, 9, 27] && rungs(2, 10) == [4])
        #expect(try rungs(1000, 4) == [1, 2] && rungs(8, 8, 2) == [1, 2, 4] && rungs(4, 2) == [1])
    }

    @Test func theBestByTheMetricGoOn() throws {
        let halving = try Halving(rungs: [1], factor: 3, epochs: 2, configurations: 7)
        #expect(halving.survivors([0.5, 0.9, 0.7, nil, 0.9, 0.1, 0.2], .accuracy) == [1, 4])
        #expect(halving.survivors([0.5, 0.9, 0.7, nil, 0.9, 0.1, 0.2], .loss) == [5, 6])
        #expect(halving.survivors([0.5, 0.5], .accuracy) == [0], "of those that are level the first")
        #expect(halving.survivors([nil, nil], .accuracy).isEmpty)
    }

    @Test func mistakesAreToldInASentence() {
        #expect(problem(rungs: [3, 60]).contains("expected epochs from 1 to 59"))
        #expect(problem(rungs: [9, 3]).contains("expected 3,9"))
        #expect(problem(factor: 1).contains("expected one in 2 to 100"))
        #expect(problem(epochs: 1).contains("expected at least 2"))
        #expect(problem(configurations: 1).contains("expected --vary with more values"))
        var options = SweepOptions()
        options.rungs = [1]
        #expect(options.problem == "--rungs goes with --halving")
    }
}
