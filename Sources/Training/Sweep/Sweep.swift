// Sweep: many runs of one recipe with other values, and what they say together.

import Checkpoints
import Configuration
import JSON
import Reporting
import Tasks
import Tensors

/// Trains every arm of a plan, one after the other, each in a folder of its own, and puts the results together.
package struct Sweep {
    package let plan: SweepPlan
    private let recipes: [Recipe]
    private let path: String
    /// Seconds between two pages while the sweep goes on.
    private static let pageInterval = 60.0

    /// The page that compares the arms; nil where the configuration wants no reports.
    package var page: String? {
        recipes.contains { $0.reporting.htmlReport } ? path + "/sweep.html" : nil
    }

    /// Reads the configuration of every arm, so that no mistake shows only after hours.
    /// - Parameters:
    ///   - overrides: what all arms have in common.
    ///   - path: the folder below which each arm has its own.
    /// - Throws: `ConfigurationError` or `RecipeError` at the first arm whose configuration is wrong.
    package init(_ config: String, overrides: [String], plan: SweepPlan, path: String) throws {
        // With an empty name the arms would lie at the root of the file system.
        if path.isEmpty { throw RecipeError("the sweep's folder has an empty name, expected one") }
        self.plan = plan
        self.path = path
        recipes = try plan.arms.map { arm in
            do { return try Recipe.load(config, overrides: overrides + arm.overrides) } catch let error
                as ConfigurationError
            {
                throw Self.named(error, arm)
            }
        }
    }

    /// Mistakes in what was varied named as such: the user wrote `--vary`.
    private static func named(_ error: ConfigurationError, _ arm: SweepPlan.Arm) -> ConfigurationError {
        ConfigurationError(
            problems: error.problems.map { problem in
                let isVaried = arm.overrides.contains { problem.location == "--set \($0)" }
                return isVaried
                    ? .init(
                        location: "--vary" + problem.location.dropFirst("--set".count), message: problem.message)
                    : problem
            })
    }

    /// Trains what is left to do. A finished arm is skipped, an arm that was interrupted goes on where it was saved;
    /// one that fails, such as by a learning rate that is too high, is noted and the others go on.
    /// - Throws: at the first arm whose folder holds another run.
    package func run(_ console: Console) throws -> SweepResult {
        // What a folder holds is looked at before hours are spent.
        let done = try plan.arms.indices.map { try finished($0) }
        var result = SweepResult(plan)
        var lastPage = MonotonicClock.seconds()
        let agenda = Agenda(done.map { .init(name: "", work: $0 == nil ? 1 : 0) })
        for (index, arm) in plan.arms.enumerated() {
            let name = arm.overrides.isEmpty ? "the run" : arm.overrides.joined(separator: " ")
            console.line("arm \(index + 1)/\(plan.arms.count): \(name)")
            defer { agenda.next() }
            if let summary = done[index] {
                console.line("finished already")
                result.add(arm, folder: folder(arm), summary, batchSize: recipes[index].training.batchSize)
                continue
            }
            do {
                let recipe = recipes[index]
                Memory.forgetPeak()
                let run = try recipe.makeRun(resuming: folder(arm), console: console, agenda: agenda)
                let directory = try RunDirectory(folder(arm), mode: .resume)
                let summary = try run.run(in: directory, resuming: !directory.isFresh).json
                result.add(arm, folder: folder(arm), summary, batchSize: recipe.training.batchSize)
            } catch let error where error is NonFiniteError || error is RecipeError {
                console.finish()
                console.warning("\(name) failed: \(error)")
                result.fail(arm, folder: folder(arm), "\(error)")
            }
            try write(result)
            if MonotonicClock.seconds() - lastPage > Self.pageInterval {
                try writePage()
                lastPage = MonotonicClock.seconds()
            }
        }
        try write(result)
        try writePage()
        return result
    }

    private func folder(_ arm: SweepPlan.Arm) -> String { path + "/" + (arm.folder.isEmpty ? "run" : arm.folder) }

    private func finished(_ index: Int) throws -> JSONValue? {
        let folder = folder(plan.arms[index])
        try RunDirectory.check(folder, mode: .resume)
        guard let finished = try FinishedRun(in: folder, recipes[index]) else { return nil }
        if let warning = finished.warning {
            throw RecipeError("\(warning); choose another folder with --output, or remove \(folder)")
        }
        return finished.summary
    }

    private func write(_ result: SweepResult) throws {
        try AtomicFile.write(path + "/sweep.json", result.json.text(pretty: true) + "\n")
    }

    private func writePage() throws {
        guard let page else { return }
        try AtomicFile.write(page, SweepPage.html(try SweepRecord(folder: path)))
    }
}
