import Foundation
import Reporting
import Tasks
import Tensors
import Testing
import Training

@Suite struct SweepPlanTests {
    private func problem(_ texts: [String]) -> String {
        do {
            _ = try SweepPlan(texts)
            return ""
        } catch { return "\(error)" }
    }

    @Test func armsAreTheProductOfTheValues() throws {
        let plan = try SweepPlan(["optimizer.learningRate=1e-3, 2e-3", "model.depths=[1,1],[2, 2]", "run.seed=0"])
        #expect(
            plan.arms.map(\.overrides) == [
                ["optimizer.learningRate=1e-3", "model.depths=[1,1]", "run.seed=0"],
                ["optimizer.learningRate=1e-3", "model.depths=[2, 2]", "run.seed=0"],
                ["optimizer.learningRate=2e-3", "model.depths=[1,1]", "run.seed=0"],
                ["optimizer.learningRate=2e-3", "model.depths=[2, 2]", "run.seed=0"],
            ])
        #expect(plan.arms[0].folder == "optimizer.learningRate=1e-3,model.depths=_1_1_,run.seed=0")
        #expect(Set(plan.arms.map(\.folder)).count == 4)
        #expect(try SweepPlan([#"data.path="a,b",c"#]).arms.map(\.values) == [[#""a,b""#], ["c"]])
    }

    @Test func mistakesAreToldInASentence() {
        #expect(problem(["run.seed"]).contains("found no `=`"))
        #expect(problem(["run.seed="]).contains("found an empty value"))
        #expect(problem(["=1"]).contains("found an empty key"))
        #expect(problem(["run.seed=1,,2"]).contains("found an empty value"))
        #expect(problem(["run.seed=1,2,1"]).contains("the value 1 stands there twice"))
        #expect(problem(["run.seed=1", "run.seed=2"]).contains("names run.seed twice"))
        #expect(problem(["data.path=a/b,a:b"]).contains("would share the folder"))
        let many = (0..<200).map { "\($0)" }.joined(separator: ",")
        #expect(problem(["a=\(many)", "b=\(many)"]).contains("more than 10000 runs"))
    }
}

@Suite struct LearningRateFinderTests {
    /// Falls to a minimum at a rate of 0.1 and rises steeply beyond it.
    private func loss(_ rate: Double) -> Double {
        2 + pow(log10(rate / 0.1), 2) / 5 + (rate > 0.1 ? 40 * (rate - 0.1) : 0)
    }

    @Test func theRampGrowsByEqualFactorsAndStopsWhereTheLossDiverges() throws {
        let finder = LearningRateFinder(range: 1e-5...10, updates: 121)
        #expect(finder.learningRate(0) == 1e-5 && abs(finder.learningRate(120) - 10) < 1e-9)
        #expect(
            abs(finder.learningRate(61) / finder.learningRate(60) - finder.learningRate(1) / finder.learningRate(0))
                < 1e-9)
        let result = finder.ramp { _, rate in loss(rate) }
        #expect(result.end == .diverged && result.points.count < 121)
        // The mean lags about ten updates behind, half of a factor of ten here.
        let lowest = try #require(result.lowest)
        #expect((0.05...0.5).contains(lowest.learningRate))
        #expect(result.suggestion == lowest.learningRate / 10)
        let steepest = try #require(result.steepest)
        #expect(steepest.learningRate < lowest.learningRate)
    }

    @Test func aLossThatNeverFallsGivesNoSuggestion() {
        let result = LearningRateFinder(range: 1e-5...1, updates: 50).ramp { _, _ in 2.3 }
        #expect(
            result.end == .complete && result.points.count == 50 && result.suggestion == nil && result.steepest == nil)
    }

    @Test func numbersThatAreNoneEndTheRamp() throws {
        let result = try LearningRateFinder(range: 1e-5...1, updates: 50).ramp { update, rate in
            if update == 30 { throw NonFiniteError(update: 30, parameter: "x") }
            return loss(rate)
        }
        #expect(result.end == .notFinite && result.points.count == 30)
        #expect(throws: RecipeError.self) {
            try LearningRateFinder(updates: 50).ramp { _, _ in throw RecipeError("other") }
        }
    }
}

extension Runs {
    @Suite struct ProfileTests {
        @Test func operationsAndLayersAddUpToTheSameTime() throws {
            let profile = try StepProfile(try recipe(), batch: 16, steps: 3, warmup: 1)
            let events = profile.events.reduce(0) { $0 + $1.end - $1.start }
            let operations = profile.operations.reduce(0) { $0 + $1.entry.seconds }
            let layers = profile.layers(depth: 2)
            #expect(abs(operations - events) < 1e-9 && abs(layers.reduce(0) { $0 + $1.entry.seconds } - events) < 1e-9)
            #expect(events <= 3 * profile.secondsPerStep)
            #expect(layers.contains { $0.path == "stages.0" } && layers.contains { $0.path == "stages.1" })
            #expect(profile.operations.contains { $0.name == "optimizer" && $0.entry.calls == 3 })
            // The logits: 16 images, 10 classes, 3 steps, and their gradient with respect to [16, 16] features,
            // [10, 16] weights and [10] biases.
            let head = try #require(layers.first { $0.path == "head" }).entry
            #expect(head.calls == 3 && head.forwardBytes == 3 * 16 * 10 * 4)
            #expect(head.backwardBytes == 3 * (16 * 16 + 10 * 16 + 10) * 4)
            for pair in zip(profile.events, profile.events.dropFirst()) { #expect(pair.0.end <= pair.1.start) }
        }

        /// The layers of every row multiply and add what the whole model does, whatever the rows are.
        @Test func sharesOfThePeakCountEveryMultiplyAddOnce() throws {
            let profile = try StepProfile(try recipe(), batch: 8, steps: 1, warmup: 0)
            func operations(_ shares: [String: Double], _ rows: [(String, StepProfile.Entry)]) -> Double {
                rows.reduce(0) { $0 + (shares[$1.0] ?? 0) * profile.peakRate * $1.1.seconds }
            }
            let outline = try recipe().outline
            let model = try outline.specification.makeModel(height: outline.height, width: outline.width)
            let layers = try model.trace(height: outline.height, width: outline.width)
            let expected = 6 * 8 * Double(layers.multiplyAdds)
            let byOperation = operations(profile.operationShares, profile.operations)
            #expect(abs(byOperation / expected - 1) < 1e-9, "by operation \(byOperation), expected \(expected)")
            for depth in 1...3 {
                let layers = profile.layers(depth: depth).map { ($0.path, $0.entry) }
                let byLayer = operations(profile.layerShares(depth: depth), layers)
                #expect(
                    abs(byLayer / expected - 1) < 1e-9, "by layers of depth \(depth) \(byLayer), expected \(expected)")
            }
            #expect(profile.operationShares["layerNorm"] == nil, "norms multiply and add nothing that is counted")
        }

        @Test func frozenLayersAreFrozenAsInTheTraining() throws {
            func calls(_ overrides: [String]) throws -> Int {
                let profile = try StepProfile(try recipe(overrides), batch: 8, steps: 1, warmup: 0)
                return profile.events.count { $0.isBackward }
            }
            // With nothing to train below the head, backward ends there.
            #expect(
                try calls(["optimizer.freeze=[downsample_layers.*, stages.*, norm.*]"]) < (try calls([])) / 2)
            #expect(throws: RecipeError.self) { try calls(["optimizer.freeze=[nothing.*]"]) }
        }

        @Test func theTraceIsWhatChromeReads() throws {
            let profile = try StepProfile(try recipe(), batch: 8, steps: 1, warmup: 0)
            let rows = try #require(profile.trace(depth: 1)["traceEvents"]?.arrayValue)
            let spans = rows.filter { $0["ph"] == "X" }
            #expect(spans.filter { $0["tid"] == 1 }.count == profile.events.count)
            #expect(spans.allSatisfy { ($0["ts"]?.doubleValue ?? -1) >= 0 && ($0["dur"]?.doubleValue ?? -1) >= 0 })
            #expect(Set(spans.compactMap { $0["cat"]?.stringValue }) == ["forward", "backward"])
            #expect(spans.contains { $0["tid"] == 2 && $0["name"] == "stages" })
        }
    }

    @Suite struct DoctorTests {
        private var healthy: MachineFacts {
            var facts = MachineFacts()
            facts.processors = 4
            facts.memory.total = 8 << 30
            facts.memory.available = 4 << 30
            facts.peak.oneThread = 50e9
            facts.peak.allThreads = 190e9
            facts.load = 0.1
            facts.governor = "performance"
            return facts
        }

        @Test func aHealthyMachineGivesNoWarnings() { #expect(healthy.warnings == []) }

        @Test func eachThingThatSlowsTrainingIsToldOnce() {
            func warning(_ change: (inout MachineFacts) -> Void) -> String {
                var facts = healthy
                change(&facts)
                #expect(facts.warnings.count == 1, "\(facts.warnings)")
                return facts.warnings.first ?? ""
            }
            #expect(warning { $0.isOptimized = false }.contains("without optimisation"))
            #expect(warning { $0.instructions.areBaseline = true }.contains("SSE2"))
            #expect(
                warning { $0.instructions.limits = ["ONEDNN_MAX_CPU_ISA=SSE41"] }.contains("ONEDNN_MAX_CPU_ISA=SSE41"))
            #expect(warning { $0.quota = 1.5 }.contains("training.threads to 1"))
            #expect(warning { $0.governor = "powersave" }.contains("powersave"))
            #expect(warning { $0.load = 3 }.contains("3.0 of the 4 processors"))
            #expect(warning { $0.peak.allThreads = 100e9 }.contains("2.0 times"))
            #expect(warning { $0.memory.available = 100 << 20 }.contains("100 MB"))
            #expect(warning { $0.memory.usedSwap = 2 << 30 }.contains("2048 MB"))
        }
    }
}

@Suite struct BFloat16RateTests {
    @Test func slowProductsAreToldWithBothRates() throws {
        let told = try #require(BFloat16Rate.notice("--precision bf16", pairs: 85e9, single: 173e9))
        #expect(told.contains("85 GFLOP/s in bfloat16 and 173 in single precision, so --precision bf16 is slower"))
        #expect(BFloat16Rate.notice("--precision bf16", pairs: 165e9, single: 173e9) == nil)
        #expect(BFloat16Rate.notice("--precision bf16", pairs: 340e9, single: 173e9) == nil)
    }

    @Test func ratesAreMeasuredWhereThereAreProducts() {
        let rate = measuredPeakRate(of: .bfloat16, seconds: 0.01, clock: MonotonicClock.seconds)
        #expect((rate > 1e9) == ProductPrecision.hasBFloat16, "bfloat16 reaches \(rate)")
    }
}

@Suite struct OperationBenchmarkTests {
    @Test(arguments: OperationBenchmark.Name.allCases)
    func everyOperationIsTimedBothWaysWhereItHasAGradient(name: OperationBenchmark.Name) throws {
        let found = try OperationBenchmark.run(name, batch: 1, steps: 1, warmup: 0)
        #expect(found.forward.median > 0 && found.peakRate > 0)
        #expect((found.backward == nil) == (name == .nms))
        let counts = [OperationBenchmark.Name.convolution3x3, .deformableConvolution].contains(name)
        #expect((found.multiplyAdds != nil) == counts)
        if let share = found.shareOfPeak(found.forward, passes: 1) { #expect(share > 0) }
    }
}
