import ArgumentParser
import Checkpoints
import Distributed
import Foundation
import JSON
import Reporting
import Tensors
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a model as a configuration file says.",
        discussion: """
            A configuration with a pool of teachers is handed over to `trainer distill`. One with data.folds becomes a \
            run for each fold, and mean and deviation over them; called again, it goes on.

            EXAMPLES:
              trainer train Configs/digits.yaml
              trainer train Configs/cifar10-pico.yaml --set data.path=photos
              trainer train Configs/digits.yaml --set training.epochs=5 --output Runs/short
              trainer train Configs/digits.yaml --resume
              trainer train Configs/digits.yaml --teacher Runs/large
              trainer train Configs/segment/medical-unet.yaml --set data.path=lesions
            """)

    @Argument(help: "The configuration, a YAML file.", completion: .config)
    var config: String

    @OptionGroup var overrides: Overrides

    @Option(help: "The run folder; Runs/<name of the configuration> by default.", completion: .directory)
    var output: String?

    @OptionGroup var resumption: ResumeOptions

    @Flag(help: "Replace the run in the folder.")
    var overwrite = false

    @Option(
        help: ArgumentHelp(
            "Weights, or the run folder, of a teacher to learn from beside the labels.", valueName: "weights"),
        completion: .weights)
    var teacher: String?

    @OptionGroup var distribution: Distribution

    @Flag(help: "Check configuration, data and model, print what would be trained, and stop.")
    var dryRun = false

    @Flag(help: "Print the result as JSON; progress goes to the error output.")
    var json = false

    func validate() throws {
        try resumption.check(overwrite: overwrite)
    }

    func run() throws { try distribution.run { try train() } }

    private func train() throws {
        let ranks = ProcessGroup.current
        try ranks.writing { try checkIsConfiguration(config, command: "train") }
        if try ranks.decided({ try DistillationRecipe.isOne(config, overrides: overrides.values) }) {
            if teacher != nil { throw ValidationError("\(config) has a pool of teachers, so --teacher has no place") }
            let configuration = try DistillationRecipe.load(config, overrides: overrides.values, with: ranks)
            try distill(configuration, configuration.recipe.run.output ?? "Runs/distill-" + stem(config))
            return
        }
        var recipe = try Recipe.load(
            config, overrides: overrides.values,
            resuming: resumption.resume ? output ?? "Runs/" + stem(config) : nil, with: ranks)
        if let teacher {
            try distill(try .training(recipe, teacher: teacher), recipe.run.output ?? "Runs/" + stem(config))
            return
        }
        let console = progressConsole(json: json, interval: recipe.reporting.logEverySeconds)
        if let line = try recipe.training.shareProcessors() { console.line(line) }
        if CrossValidation.folds(recipe) != nil {
            guard !distribution.distributed else {
                throw ValidationError("cross-validation is for one process; choose a part with --set data.fold=1")
            }
            try crossValidate(recipe, console)
            return
        }
        let path = output ?? recipe.run.output ?? "Runs/" + stem(config)
        let mode = resumption.mode(overwrite: overwrite)
        var finished: FinishedRun?
        try ranks.writing {
            try RunDirectory.check(path, mode: mode)
            if resumption.resume { finished = try FinishedRun(in: path, recipe) }
        }
        if try ranks.decided({ finished != nil }) {
            guard let finished else { return }
            if let warning = finished.warning { console.warning(warning) }
            console.line("the run in \(path) is finished; nothing is left to do")
            show(finished.summary, path)
            return
        }
        // Whatever may be wrong with the recipe shows here, before the folder is touched.
        ThreadPool.use(recipe.training)
        let run = try recipe.makeRun(resuming: resumption.resume && ranks.isRoot ? path : nil, console: console)
        let description = try describe(run, path)
        if dryRun {
            for notice in run.notices { console.notice(notice) }
            if resumption.resume, ranks.isRoot, let change = try run.checkResumption(in: path, forced: resumption.force)
            {
                console.warning(change)
            }
            console.text(description)
            console.line("nothing was trained or written (--dry-run)")
            return
        }
        var directory: RunDirectory?
        try ranks.writing { directory = try RunDirectory(path, mode: mode) }
        console.text(description)
        StopRequest.listen()
        show(try run.run(in: directory, resuming: resumption.resume, forced: resumption.force).json, path)
    }

    /// One run for each fold, below one folder; finished ones are skipped, so that it may be called again.
    private func crossValidate(_ recipe: Recipe, _ console: Console) throws {
        let path = output ?? recipe.run.output ?? "Runs/" + stem(config)
        if overwrite {
            throw ValidationError("cross-validation replaces no runs; remove \(path) or name another folder (--output)")
        }
        let validation = try CrossValidation(config, recipe, overrides: overrides.values, path: path)
        if dryRun {
            console.line("\(CrossValidation.folds(recipe) ?? 0) runs below \(path); nothing was trained (--dry-run)")
            return
        }
        StopRequest.listen()
        let result = try validation.run(console)
        Console().text(json ? result.json.text(pretty: true) : "\n" + result.table)
        if !json {
            console.line("written to \(path)/cross-validation.json, the folds to \(path)/folds.json")
            if let page = validation.page { console.line("report: \(page)") }
        }
    }

    /// The result on the standard output.
    private func show(_ result: JSONValue, _ path: String) {
        guard ProcessGroup.current.isRoot else { return }
        let table = json ? nil : Summary(result).map { render($0, path) }
        Console().text(table ?? result.text(pretty: true))
    }

    private func distill(_ configuration: DistillationRecipe, _ path: String) throws {
        try DistillCommand.distill(
            configuration, path: output ?? path, mode: resumption.mode(overwrite: overwrite),
            arm: .progressive, seeds: nil, dryRun: dryRun, force: resumption.force, json: json)
    }

    private func describe(_ run: any RecipeRun, _ path: String) throws -> String {
        let training = run.recipe.training
        let rest =
            [
                (
                    "train",
                    "\(training.epochs) epochs, batch \(training.batchSize), \(ThreadPool.shared.threads) threads"
                ),
                ("run", path),
            ]
            + (dryRun ? [("memory", "roughly \(try run.facts.memory)")] : [])
        var lines = (try run.facts.rows.map { ($0.name, $0.text) } + rest).map {
            $0.0.padding(to: 8) + TextWidth.singleLine($0.1)
        }
        lines.append("")
        if let attribution = run.facts.attribution { lines.append(attribution) }
        return lines.joined(separator: "\n")
    }

    private func render(_ summary: Summary, _ path: String) -> String {
        var rows = summary.rows
        rows.append(["images per second", NumberText.grouped(Int(bounded: summary.cost.imagesPerSecond))])
        rows.append(["time", NumberText.duration(summary.cost.seconds)])
        rows.append(["peak memory", "\(Int(bounded: summary.cost.peakMemoryMB)) MB"])
        rows.append(["weights", path + "/weights"])
        rows += NextSteps.rows(path, report: FileManager.default.fileExists(atPath: path + "/report.html"))
        return Table(columns: [Table.Column("result", .left), Table.Column("", .left)], rows: rows).render()
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
