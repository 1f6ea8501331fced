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

            A configuration may say itself what is varied and how: sweep: {vary: ["key=value,value,..."], random: 20}.

            With --random N so many runs are drawn instead of trying every combination. Then --vary takes ranges, too: \
            low..high, or low..high:log with equal chances for equal factors; whole numbers are drawn between whole \
            numbers. The draws follow from --seed alone, and the first are the same for every N.

            A key may count only where another one, varied before it, has a value: "key=values if other=value"; several \
            such lists of one key go with different values of the other.

            With --halving all runs are trained to a first rung, the best third of the configurations by validation to \
            the next, and so on to the end. Runs go on from their exact state, so those that come through have the \
            bytes of runs that never stopped. --minutes ends a call early; the same command goes on.

            With --folds N the images are divided into N parts (data.folds), and every configuration is trained N times, \
            another part being tested each time: its row is mean ± deviation over the parts.

            EXAMPLES:
              trainer sweep Configs/digits.yaml --vary run.seed=0,1,2 \\
                --vary optimizer.learningRate=1e-3,2e-3
              trainer sweep Configs/digits.yaml --vary model.depths=[1,1,1,1],[2,2,2,2]
              trainer sweep Configs/digits.yaml --random 20 \\
                --vary optimizer.learningRate=1e-4..1e-2:log --vary loss.mixup=0..0.8
              trainer sweep Configs/digits.yaml --random 27 --halving --minutes 10 \\
                --vary optimizer.kind=adamw,sgd \\
                --vary "optimizer.learningRate=1e-4..1e-2:log if optimizer.kind=adamw" \\
                --vary "optimizer.learningRate=1e-2..1:log if optimizer.kind=sgd"
              trainer sweep Configs/digits.yaml --vary loss.mixup=0,0.8 --json
              trainer sweep Configs/digits.yaml --vary loss.mixup=0,0.8 --folds 5
              trainer sweep Configs/mixers-digits.yaml
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String

    @Option(
        name: .customLong("vary"),
        help: ArgumentHelp("A key and the values it takes; may be repeated.", valueName: "key=value,value,..."),
        completion: .settings)
    var variations: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Replaces a value in all runs; may be repeated.", valueName: "key=value"),
        completion: .settings)
    var overrides: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Draw so many runs at random; ranges low..high and low..high:log are allowed.", valueName: "n"))
    var random: Int?

    @Option(parsing: .unconditional, help: "The seed of the draws; the runs' own is run.seed.")
    var seed: Int?

    @Flag(help: "Stop runs at rungs, and go on with the best by validation.")
    var halving = false

    @Option(
        help: ArgumentHelp(
            "With --halving: the epochs of the rungs, such as 5,15; parts of training.epochs by default.",
            valueName: "epoch,epoch"))
    var rungs: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --halving: one configuration in so many goes on; 3 by default.", valueName: "n"))
    var keep: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Train each once for each of so many parts of the images, which it tests.", valueName: "n"))
    var folds: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Train no longer than this; the same command goes on later.", valueName: "minutes"))
    var minutes: Double?

    @Option(help: "The folder of the runs; Runs/sweep-<name of the configuration> by default.", completion: .directory)
    var output: String?

    @Flag(help: "Print the results as JSON; progress goes to the error output.")
    var json = false

    func validate() throws {
        try check("--random", random, in: 1...SweepPlan.mostArms)
        try check("--seed", seed, in: 0...Int.max)
        try check("--keep", keep, in: Halving.factors)
        try check("--folds", folds, in: SweepPlan.foldCounts)
        if let minutes, !(minutes > 0 && minutes <= SweepOptions.mostMinutes) {
            throw ValidationError("--minutes is \(minutes), expected more than 0, such as 30")
        }
        _ = try rungEpochs()
    }

    private func rungEpochs() throws -> [Int]? {
        try rungs.map { text in
            let epochs = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard !epochs.contains(nil) else {
                throw ValidationError("--rungs is \(text), expected epochs such as 5,15")
            }
            return epochs.compactMap { $0 }
        }
    }

    private var options: SweepOptions {
        get throws {
            var options = SweepOptions()
            (options.random, options.seed, options.halving) = (random, seed, halving)
            (options.rungs, options.keep, options.minutes) = (try rungEpochs(), keep, minutes)
            options.folds = folds
            return options
        }
    }

    func run() throws {
        let file = try OpenedRecipe.file(config)
        if try DistillationRecipe.isOne(file, overrides: overrides) {
            throw ValidationError("\(config) has a pool of teachers, expected a configuration of trainer train")
        }
        let path = output ?? "Runs/sweep-" + stem(config)
        let section = try SweepSection(file, overrides: overrides)
        let variations = variations.isEmpty ? section.variations : variations
        let options = try options.over(section.options)
        if let problem = options.problem { throw ValidationError(problem) }
        if variations.isEmpty {
            throw ValidationError(
                "Missing --vary key=value,value,... (or a section sweep in \(config)): a sweep varies something")
        }
        let sweep = try Sweep(
            file, overrides: overrides, plan: options.plan(variations), path: path, options: options)
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
        if result.isOutOfTime {
            let finished = result.runs.count { $0.summary != nil }
            progressConsole(json: json).notice(
                "the time of --minutes is over: \(finished) of \(sweep.plan.arms.count) runs are "
                    + "finished; the same command goes on")
        } else if !result.runs.contains(where: { $0.failure == nil }) {
            throw RecipeError("none of the \(result.runs.count) runs could be finished")
        }
    }
}
