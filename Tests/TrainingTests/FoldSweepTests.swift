import Checkpoints
import Foundation
import JSON
import Tasks
import Testing
import Training

extension Runs {
    @Suite struct FoldSweeps {
        @Test func everyConfigurationIsTrainedOnceForEachPartAndIsOneRow() throws {
            let folder = try TemporaryFolder()
            let config = folder.path + "/small.yaml"
            try AtomicFile.write(config, smallRecipe)
            var options = SweepOptions()
            options.folds = 3
            let plan = try options.plan(["optimizer.learningRate=1e-3,4e-3"])
            #expect(plan.arms.map(\.values) == ["1e-3", "4e-3"].flatMap { rate in (1...3).map { [rate, "\($0)/3"] } })
            #expect(plan.configurations == [[0, 1, 2], [3, 4, 5]])
            let sweep = try Sweep(
                config, overrides: ["training.epochs=1", "reporting.htmlReport=false"], plan: plan,
                path: folder.path + "/sweep")
            let result = try sweep.run(Messages().console)
            #expect(result.groupKeys == ["optimizer.learningRate"] && result.groups.map { $0.runs.count } == [3, 3])
            let values = result.groups[0].runs.compactMap { $0.summary?["testAccuracy"]?.doubleValue }
            let mean = try #require(result.groups[0].statistics("testAccuracy")?.mean)
            #expect(values.count == 3 && abs(mean - values.reduce(0, +) / 3) < 1e-12)
            // The parts are tested in turn, and differ.
            #expect(Set(values).count > 1)
        }

        @Test func whatCannotBeIsToldInASentence() throws {
            var options = SweepOptions()
            options.folds = 5
            let error = #expect(throws: RecipeError.self) { try options.plan(["data.fold=1,2"]) }
            #expect(error?.description.contains("expected no --vary data.fold") == true)
            options.folds = 100
            let many = #expect(throws: RecipeError.self) {
                try options.plan(["run.seed=" + (0..<101).map { "\($0)" }.joined(separator: ",")])
            }
            #expect(many?.description.contains("more than 10000 runs") == true)
        }
    }
}
