import ArgumentParser
import Datasets
import Distillation
import JSON
import Reporting
import Tasks
import Tensors
import Training

struct FlatnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flatness", abstract: "Measures how fast the loss rises around trained weights.",
        discussion: """
            Along random directions that respect the scale of each filter, over [-1, 1]. The data is that of the first \
            run, unless --data says otherwise.

            EXAMPLES:
              trainer flatness Runs/a Runs/b
              trainer flatness a.safetensors b.safetensors --data Configs/digits.yaml
            """)

    @Argument(help: "Weights files that trainer wrote, or run folders (their best weights).", completion: .weights)
    var weights: [String]

    @Option(
        help: ArgumentHelp(
            "The configuration or run whose training images are used; the first run's by default.",
            valueName: "config"), completion: .config)
    var data: String?

    @OptionGroup var overrides: Overrides

    @Option(parsing: .unconditional, help: "How many directions.")
    var directions = 10

    @Option(parsing: .unconditional, help: "How many points on each direction.")
    var points = 21

    @Option(parsing: .unconditional, help: "How many training images at most.")
    var images = 2000

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if weights.isEmpty { throw ValidationError("no weights are given, expected at least one file") }
        try check("--directions", directions, in: 1...100_000)
        try check("--points", points, in: 3...100_000)
        try check("--images", images, in: 1...Int.max)
    }

    func run() throws {
        let console = Console()
        guard let source = data ?? weights.lazy.compactMap({ (RunFolder($0) ?? RunFolder(of: $0))?.path }).first else {
            throw ValidationError(
                "\(weights[0]) lies in no run folder, whose configuration would name the data, expected --data <config>"
            )
        }
        let models = try weights.map { ($0, try Weights.find($0).weights) }
        let recipe = try openRecipe(source, overrides.values, console, data: true)
        ThreadPool.use(recipe.training)
        let profiles = try measure(models, recipe, recipe.task, source, console)
        let radii = [0.25, 0.5, 1.0]
        if json {
            let values: [JSONValue] = profiles.map { path, profile in
                [
                    "weights": .string(path), "loss": .number(profile.center),
                    "meanRise": .object(radii.map { .init("\($0)", .number(profile.meanRise(radius: $0))) }),
                    "steps": .array(profile.steps.map { .number($0) }),
                    "losses": .array(profile.losses.map { .array($0.map { .number($0) }) }),
                ]
            }
            console.text(JSONValue.array(values).text(pretty: true))
            return
        }
        console.text(
            Table(
                columns: [Table.Column("weights", .left), "train loss"] + radii.map { "rise at \($0)" },
                rows: profiles.map { path, profile in
                    [path, NumberText.fixed(profile.center, decimals: 4)]
                        + radii.map { NumberText.fixed(profile.meanRise(radius: $0), decimals: 4) }
                }
            ).render())
    }

    private func measure<C: TaskConfiguration>(
        _ models: [(String, Weights)], _ recipe: Recipe, _ task: C, _ source: String, _ console: Console
    ) throws -> [(path: String, profile: FlatnessProfile)] {
        let measurement = try FlatnessMeasurement(recipe, task)
        for notice in measurement.notices { console.notice(notice) }
        if data == nil, weights.count > 1 { console.notice("the data of \(source) is used for all.") }
        StopRequest.listen(training: false)
        let progress = WorkProgress(
            progressConsole(json: json), "measurement", of: weights.count * (directions * points + 1))
        var profiles: [(path: String, profile: FlatnessProfile)] = []
        for (path, weights) in models {
            let profile = try measurement.profile(
                of: weights, directions: directions, points: points, images: images
            ) {
                progress.add()
                try StopRequest.check("nothing was written; fewer --directions, --points or --images take less time")
            }
            guard profile.center.isFinite else {
                throw RecipeError(
                    "\(path): the loss is not finite at the weights themselves, so there is nothing to measure")
            }
            profiles.append((path, profile))
        }
        progress.finish()
        return profiles
    }
}
