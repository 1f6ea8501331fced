// Sweep: many runs of one recipe with other values, and what they say together.

import Checkpoints
import Configuration
import JSON
import Reporting
import Tasks
import Tensors

/// Trains the arms of a plan, one after the other, each in a folder of its own, and puts the results together.
package struct Sweep {
    package let plan: SweepPlan
    let recipes: [Recipe]
    let path: String
    /// Where runs are stopped; nil where all are trained to their end.
    let halving: Halving?
    private let minutes: Double?
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
    ///   - options: whether runs are stopped at rungs, and how long a call may train.
    /// - Throws: `ConfigurationError` or `RecipeError` at the first arm whose configuration is wrong.
    package init(
        _ config: String, overrides: [String], plan: SweepPlan, path: String, options: SweepOptions = SweepOptions()
    ) throws {
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
        minutes = options.minutes
        halving = options.halving ? try Self.halving(options, plan, recipes) : nil
    }

    private static func halving(_ options: SweepOptions, _ plan: SweepPlan, _ recipes: [Recipe]) throws -> Halving {
        let lengths = Set(recipes.map(\.training.epochs))
        guard let epochs = lengths.first, lengths.count == 1 else {
            throw RecipeError(
                "--halving compares runs of one length, but training.epochs is varied; give one number of epochs with --set"
            )
        }
        guard !recipes.contains(where: { $0.data.validation == .nowhere }) else {
            throw RecipeError(
                "--halving chooses by validation, but data.validation is 0, expected auto or a part such as 0.1")
        }
        return try Halving(
            rungs: options.rungs, factor: options.keep ?? Halving.usualFactor, epochs: epochs,
            configurations: plan.configurations.count)
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
    /// one that fails, such as by a learning rate that is too high, is noted and the others go on. With rungs, all arms are
    /// trained to the first one, the best of them to the next, and so on.
    /// - Throws: at the first arm whose folder holds another run.
    package func run(_ console: Console) throws -> SweepResult {
        // What a folder holds is looked at before hours are spent.
        var work = SweepWork(
            self, console, done: try plan.arms.indices.map { try finished($0) },
            deadline: minutes.map { MonotonicClock.seconds() + 60 * $0 })
        var lastPage = MonotonicClock.seconds()
        try work.run { result in
            try write(result)
            if MonotonicClock.seconds() - lastPage > Self.pageInterval {
                try writePage()
                lastPage = MonotonicClock.seconds()
            }
        }
        try write(work.result)
        try writePage()
        return work.result
    }

    func folder(_ arm: SweepPlan.Arm) -> String { path + "/" + (arm.folder.isEmpty ? "run" : arm.folder) }

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

extension SweepPlan {
    /// The arms of each configuration, which differ in nothing but their seed.
    package var configurations: [[Int]] {
        var places: [[String]: Int] = [:]
        var found: [[Int]] = []
        for (index, arm) in arms.enumerated() {
            let values = zip(variations, arm.values).filter { !SweepRecord.repeats($0.0.key) }.map(\.1)
            if let place = places[values] {
                found[place].append(index)
            } else {
                places[values] = found.count
                found.append([index])
            }
        }
        return found
    }
}
