import ArgumentParser
import Reporting
import Tasks
import Tensors
import Training

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Trains every combination of some values and puts the results in one table.",
        discussion: """
            Runs go one after the other, each in a folder of its own below the sweep's. Called again, it skips what \
            is finished and goes on where it stopped. Runs that differ in run.seed alone become one row: mean ± \
            standard deviation. Validation chooses, and a lead within the error is no win. All results are also in \
            OUTPUT/sweep.json, and on the page OUTPUT/sweep.html, which trainer report OUTPUT makes again.

            A configuration may say itself what is varied: sweep: {vary: ["key=value,value,..."]}.

            With --random N so many runs are drawn instead of trying every combination. Then --vary takes ranges, too: \
            low..high, or low..high:log with equal chances for equal factors; whole numbers are drawn between whole \
            numbers. The draws follow from --seed alone, and the first are the same for every N.

            EXAMPLES:
              trainer sweep Configs/digits.yaml --vary run.seed=0,1,2 \\
                --vary optimizer.learningRate=1e-3,2e-3
              trainer sweep Configs/digits.yaml --vary model.depths=[1,1,1,1],[2,2,2,2]
              trainer sweep Configs/digits.yaml --random 20 \\
                --vary optimizer.learningRate=1e-4..1e-2:log --vary loss.mixup=0..0.8
              trainer sweep Configs/digits.yaml --vary loss.mixup=0,0.8 --json
              trainer sweep Configs/mixers-digits.yaml
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String

    @Option(
        name: .customLong("vary"),
        help: ArgumentHelp("A key and the values it takes; may be repeated.", valueName: "key=value,value,..."))
    var variations: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value in all runs; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Draw so many runs at random; ranges low..high and low..high:log are allowed.", valueName: "n"))
    var random: Int?

    @Option(parsing: .unconditional, help: "The seed of the draws; the runs' own is run.seed.")
    var seed: Int?

    @Option(help: "The folder of the runs; Runs/sweep-<name of the configuration> by default.", completion: .directory)
    var output: String?

    @Flag(help: "Print the results as JSON; progress goes to the error output.")
    var json = false

    func validate() throws {
        try check("--random", random, in: 1...SweepPlan.mostArms)
        if let seed {
            if random == nil {
                throw ValidationError("--seed goes with --random; --set run.seed=\(seed) is the seed of the runs")
            }
            try check("--seed", seed, in: 0...Int.max)
        }
    }

    func run() throws {
        let file = try OpenedRecipe.file(config)
        if try DistillationRecipe.isOne(file, overrides: overrides) {
            throw ValidationError("\(config) has a pool of teachers, expected a configuration of trainer train")
        }
        let path = output ?? "Runs/sweep-" + stem(config)
        let variations = try variations.isEmpty ? SweepSection(file, overrides: overrides).variations : variations
        if variations.isEmpty {
            throw ValidationError(
                "Missing --vary key=value,value,... (or a section sweep in \(config)): a sweep varies something")
        }
        let plan =
            try random.map { try SweepPlan(variations, draws: $0, seed: UInt64(seed ?? 0)) } ?? SweepPlan(variations)
        let sweep = try Sweep(file, overrides: overrides, plan: plan, path: path)
        StopRequest.listen()
        let result = try sweep.run(progressConsole(json: json))
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
