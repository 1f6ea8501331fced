import Foundation
import Reporting
import Tasks
import Testing
import Training

extension Runs {
    @Suite struct SweepHalvingRunTests {
        private let folder: TemporaryFolder
        private var file: String { folder.path + "/small.yaml" }

        init() throws {
            folder = try TemporaryFolder()
            try (smallRecipe + "\nreporting:\n  htmlReport: false\n").write(
                toFile: file, atomically: true, encoding: .utf8)
        }

        private let rates = "optimizer.learningRate=1e-5,4e-3,1e-4,2e-5"

        private func sweep(_ name: String, _ options: SweepOptions, _ messages: Messages = Messages()) throws
            -> SweepResult
        {
            try Sweep(
                file, overrides: ["training.epochs=4"], plan: SweepPlan([rates]), path: "\(folder.path)/\(name)",
                options: options
            ).run(messages.console)
        }

        private var halving: SweepOptions {
            var options = SweepOptions()
            (options.halving, options.rungs, options.keep) = (true, [1, 2, 3], 2)
            return options
        }

        private func run(_ name: String, _ rate: String) -> String {
            "\(folder.path)/\(name)/optimizer.learningRate=\(rate)"
        }

        @Test func aRunThatWentThroughThreeRungsHasTheBytesOfOneInOneGo() throws {
            let result = try sweep("halved", halving)
            #expect(result.rungs.map(\.epoch) == [1, 2, 3])
            #expect(result.rungs.map(\.scores.count) == [4, 2, 1])
            #expect(result.rungs[0].survivors.count == 2 && result.rungs[0].survivors.contains(1))
            let stopped: [Int?] = result.runs.map(\.stoppedAfter)
            #expect(stopped.filter { $0 == 1 }.count == 2)
            let best = try #require(result.runs.first { $0.summary != nil })
            #expect(best.arm.values == ["4e-3"] && best.atRungs.count == 3)
            #expect(result.table.contains("best by validation") || result.table.contains("4e-3"))
            try train(
                run("whole", "4e-3"),
                ["training.epochs=4", "optimizer.learningRate=4e-3", "reporting.htmlReport=false"])
            try expectSameRun(run("halved", "4e-3"), run("whole", "4e-3"))
            // What was stopped goes on to the same bytes, too.
            let all = try sweep("halved", SweepOptions())
            #expect(all.runs.allSatisfy { $0.summary != nil })
            try train(
                run("whole", "1e-5"),
                ["training.epochs=4", "optimizer.learningRate=1e-5", "reporting.htmlReport=false"])
            try expectSameRun(run("halved", "1e-5"), run("whole", "1e-5"))
        }

        @Test func theTimeEndsACallAndTheNextOneGoesOn() throws {
            var options = halving
            options.minutes = 1e-9
            // Each call makes an update.
            for _ in 0..<3 {
                let some = try sweep("timed", options)
                #expect(some.isOutOfTime && some.runs.map(\.stoppedAfter) == [0])
            }
            let messages = Messages()
            let result = try sweep("timed", halving, messages)
            #expect(!result.isOutOfTime && messages.all.contains("after update 3"), "\(messages.all)")
            let whole = try sweep("untimed", halving)
            #expect(result.rungs == whole.rungs)
            try expectSameRun(run("timed", "4e-3"), run("untimed", "4e-3"))
        }

        @Test func whenTheTimeIsOverBeforeAnyRunIsFinishedTheTableSaysWhatLeadsSoFar() throws {
            var options = halving
            options.minutes = 1e-9
            var result = try sweep("leading", options)
            // An update for each call, until the first run is at its rung and the second one has begun.
            for _ in 0..<50 where result.runs.count < 2 { result = try sweep("leading", options) }
            try #require(result.runs.map(\.stoppedAfter) == [1, 0], "\(result.runs.map(\.stoppedAfter))")
            #expect(result.runs[0].bestSoFar != nil && result.runs[1].bestSoFar == nil)
            let name = try #require(result.runs[0].arm.values.first)
            #expect(
                result.table.contains("so far optimizer.learningRate=\(name) is ahead by validation"), "\(result.table)"
            )
            #expect(!result.table.contains("Nothing was measured"), "\(result.table)")
        }

        @Test func calledAgainItDecidesTheSameWithoutTraining() throws {
            let first = try sweep("again", halving)
            let messages = Messages()
            let second = try sweep("again", halving, messages)
            #expect(second.json == first.json)
            #expect(!messages.all.contains("epoch 1/4"), "\(messages.all)")
        }

        @Test func halvingNeedsOneLengthAndAValidationPart() throws {
            func problem(_ overrides: [String], _ vary: String) -> String {
                do {
                    _ = try Sweep(
                        file, overrides: overrides, plan: SweepPlan([vary]), path: folder.path + "/x", options: halving)
                    return ""
                } catch { return "\(error)" }
            }
            #expect(problem([], "training.epochs=4,8").contains("training.epochs is varied"))
            #expect(problem(["data.validation=0", "training.epochs=4"], rates).contains("data.validation is 0"))
        }
    }
}
