import ArgumentParser
import JSON
import Reporting
import Tasks
import Training

struct OrderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "order",
        abstract: "Measures all adaptation costs and explains the order of teachers; no training.",
        discussion: """
            Models that a distillation trained are looked for in its run folder, which may stand for the configuration.

            EXAMPLES:
              trainer order Configs/distill/digits.yaml
              trainer order Configs/distill/digits.yaml --set cost.method=descent --json
            """)

    @Argument(help: "The distillation configuration, a YAML file.", completion: .config)
    var config: String

    @OptionGroup var overrides: Overrides

    @Option(
        help: "The run folder of the distillation; Runs/distill-<name of the configuration> by default.",
        completion: .directory)
    var output: String?

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func run() throws {
        let configuration = try DistillationRecipe.load(try OpenedRecipe.file(config), overrides: overrides.values)
        let console = Console()
        let path =
            output ?? RunFolder(config)?.path ?? configuration.recipe.run.output ?? "Runs/distill-" + stem(config)
        if path.isEmpty { throw ValidationError("--output is empty, expected the run folder of the distillation") }
        let report = try order(configuration, configuration.recipe.task, path, console)
        if json {
            console.text(report.json.text(pretty: true))
        } else {
            console.text(report.table)
            console.text(report.heatMap + "\n")
            console.text(report.explanation)
        }
    }

    /// All costs among the models, which are there already.
    private func order<C: TaskConfiguration>(
        _ configuration: DistillationRecipe, _ task: C, _ path: String, _ console: Console
    ) throws -> OrderReport {
        let run = try DistillationRun(configuration, task, output: path, console: console)
        for notice in run.data.notices { console.notice(notice) }
        try run.prepare(trains: false)
        return try run.findOrder(complete: true)
    }
}
