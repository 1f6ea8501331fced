import ArgumentParser
import Checkpoints
import Configuration
import Distributed
import Foundation
import JSON
import Reporting
import RunLayout
import Tasks
import Tensors
import Training

extension Arm: ExpressibleByArgument {}

struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill", abstract: "Teaches a student through a sequence of teachers.",
        discussion: """
            Trains what is missing of the student and the pool, finds the order of teachers, and runs the stages. \
            --dry-run also says how each teacher's features are brought together with the student's.

            EXAMPLES:
              trainer distill Configs/distill/digits.yaml
              trainer distill Configs/distill/digits.yaml --arm direct \\
                --output Runs/direct --set pool.directory=Runs/distill-digits/pool
              trainer distill Configs/distill/digits.yaml --compare --seeds 3
            """)

    @Argument(help: "The distillation configuration, a YAML file.", completion: .config)
    var config: String

    @OptionGroup var overrides: Overrides

    @Option(help: "The run folder; Runs/distill-<name of the configuration> by default.", completion: .directory)
    var output: String?

    @OptionGroup var resumption: ResumeOptions

    @Flag(help: "Replace the run in the folder; models trained for the pool stay.")
    var overwrite = false

    @Option(
        help: "How the student is taught: none, direct, ensemble, progressive or adaptive; as `order` says by default.")
    var arm: Arm?

    @Flag(help: "Run all arms and end in a table.")
    var compare = false

    @Option(parsing: .unconditional, help: "How many seeds each arm is run with in a comparison.")
    var seeds = 1

    @OptionGroup var distribution: Distribution

    @Flag(help: "Check everything that can be known before a training, print what would be done, and stop.")
    var dryRun = false

    @Flag(help: "Print the result as JSON; progress goes to the error output.")
    var json = false

    func validate() throws {
        try resumption.check(overwrite: overwrite)
        try check("--seeds", seeds, in: 1...1000)
        if seeds > 1 && !compare { throw ValidationError("--seeds needs --compare") }
    }

    func run() throws {
        if compare && distribution.distributed {
            throw ValidationError(
                "--compare runs many arms one after the other, each is for one process; leave out --distributed")
        }
        try distribution.run { try distill() }
    }

    private func distill() throws {
        let ranks = ProcessGroup.current
        try ranks.writing { try checkIsConfiguration(config, command: "distill") }
        let configuration = try DistillationRecipe.load(config, overrides: overrides.values, with: ranks)
        try Self.distill(
            configuration, path: output ?? configuration.recipe.run.output ?? "Runs/distill-" + stem(config),
            mode: resumption.mode(overwrite: overwrite),
            arm: arm ?? (configuration.isAdaptive ? .adaptive : .progressive),
            seeds: compare ? seeds : nil,
            dryRun: dryRun, force: resumption.force, json: json)
    }

    /// - Parameter seeds: how many seeds of all arms are compared; `nil` for one run of one arm.
    static func distill(
        _ configuration: DistillationRecipe, path: String, mode: RunDirectory.Mode, arm: Arm, seeds: Int?,
        dryRun: Bool, force: Bool, json: Bool
    ) throws {
        let console = progressConsole(json: json, interval: configuration.recipe.reporting.logEverySeconds)
        let ranks = ProcessGroup.current
        var configuration = configuration
        if let line = try configuration.recipe.training.shareProcessors() { console.line(line) }
        try ranks.writing { try RunDirectory.check(path, mode: mode) }
        var found: JSONValue?
        if case .resume = mode, seeds == nil {
            try ranks.writing { found = try FinishedDistillation.summary(in: path, configuration) }
        }
        if try ranks.decided({ found != nil }) {
            guard let summary = found else { return }
            console.line("the run in \(path) is finished; nothing is left to do")
            show(summary, path, preparation: nil, json: json)
            return
        }
        try distill(
            configuration, configuration.recipe.task, path: path, mode: mode, arm: arm, seeds: seeds, dryRun: dryRun,
            force: force, json: json, console)
    }

    private static func distill<C: TaskConfiguration>(
        _ configuration: DistillationRecipe, _ task: C, path: String, mode: RunDirectory.Mode, arm: Arm, seeds: Int?,
        dryRun: Bool, force: Bool, json: Bool, _ console: Console
    ) throws {
        // Whatever may be wrong shows here, before the folder is touched or anything is trained.
        let run = try DistillationRun(configuration, task, output: path, console: console)
        run.options.isForced = force
        for notice in run.data.notices { console.notice(notice) }
        run.options.arms = seeds.map { $0 * run.comparedArms.count } ?? 1
        if arm == .adaptive, !run.comparedArms.contains(.adaptive) {
            throw RecipeError("the arm adaptive needs a validation part, but data.validation gives none")
        }
        console.text(try run.description(path, pairings: dryRun))
        if let notice = try run.sisterNotice(path) { console.notice(notice) }
        if dryRun {
            if case .resume = mode { try ProcessGroup.current.writing { try run.checkResumption(in: path) } }
            console.line("nothing was trained or written (--dry-run)")
            return
        }
        let ranks = ProcessGroup.current
        var directory: RunDirectory?
        try ranks.writing { directory = try RunDirectory(path, mode: mode) }
        let isResuming: Bool
        if case .resume = mode { isResuming = true } else { isResuming = false }
        StopRequest.listen()
        let preparation = try run.prepare()
        let report = try run.order(in: directory, resuming: isResuming)
        if !report.costs.isEmpty { console.text(report.table) }
        console.text(report.explanation)
        guard let seeds else {
            let summary = try run.run(arm, report, in: directory, resuming: isResuming)
            if ranks.isRoot { show(summary.json, path, preparation: preparation, json: json) }
            return
        }
        guard let directory else { return }
        let comparison = try run.compare(report, seeds: seeds, in: directory, resuming: isResuming)
        if json {
            Console().text(comparison.json.text(pretty: true))
        } else {
            console.text(comparison.table)
            console.line("written to \(directory.comparison)")
        }
    }

    /// The result on the standard output.
    private static func show(
        _ result: JSONValue, _ path: String, preparation: (seconds: Double, count: Int)?, json: Bool
    ) {
        let stages = (try? String(contentsOfFile: path + "/" + RunFiles.stages, encoding: .utf8)).flatMap {
            try? JSONValue(parsing: $0)
        }
        guard !json, let summary = DistillationSummary(result, stages: stages) else {
            return Console().text(result.text(pretty: true))
        }
        Console().text(DistillationTables.stages(summary))
        Console().text(DistillationTables.result(summary, path, preparation: preparation))
    }
}
