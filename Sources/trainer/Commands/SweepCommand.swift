import ArgumentParser
import Reporting
import Tensors
import Training

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Trains every combination of some values and puts the results in one table.",
        discussion: """
            Runs go one after the other, each in a folder of its own below the sweep's. Called again, it skips what is
            finished and goes on where it stopped. Runs that differ in run.seed alone become one row: mean ± standard
            deviation. Validation chooses, and a lead within the error is no win. All results are also in OUTPUT/sweep.json,
            and on the page OUTPUT/sweep.html, which trainer report OUTPUT makes again.

            EXAMPLES:
              trainer sweep Configs/digits.yaml --vary optimizer.learningRate=1e-3,2e-3 --vary run.seed=0,1,2
              trainer sweep Configs/digits.yaml --vary model.depths=[1,1,1,1],[2,2,2,2] --set training.epochs=10
              trainer sweep Configs/digits.yaml --vary loss.mixup=0,0.2,0.8 --output Runs/mixup --json
            """)

    @Argument(help: "The configuration, a YAML file.", completion: .config)
    var config: String

    @Option(
        name: .customLong("vary"),
        help: ArgumentHelp("A key and the values it takes in turn; may be repeated.", valueName: "key=value,value,..."))
    var variations: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value in all runs; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "The folder of the runs; Runs/sweep-<name of the configuration> by default.", completion: .directory)
    var output: String?

    @Flag(help: "Print the results as JSON; progress goes to the error output.")
    var json = false

    func validate() throws {
        if variations.isEmpty { throw ValidationError("Missing --vary key=value,value,...: a sweep varies something") }
    }

    func run() throws {
        if try DistillationRecipe.isOne(config, overrides: overrides) {
            throw ValidationError("\(config) has a pool of teachers, expected a configuration of trainer train")
        }
        let path = output ?? "Runs/sweep-" + stem(config)
        let sweep = try Sweep(config, overrides: overrides, plan: try SweepPlan(variations), path: path)
        let result = try sweep.run(json ? Console(output: .stream(2)) : Console())
        let console = Console()
        if json {
            console.text(result.json.text(pretty: true))
        } else {
            console.text("\n" + result.table)
            console.line("written to \(path)/sweep.json")
            if let page = sweep.page { console.line("report: \(page)") }
        }
        if !result.runs.contains(where: { $0.failure == nil }) {
            throw RecipeError("none of the \(result.runs.count) runs could be finished")
        }
    }
}
