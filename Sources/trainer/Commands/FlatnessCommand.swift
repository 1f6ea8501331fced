import ArgumentParser
import Datasets
import Distillation
import Reporting
import Tensors
import Training

struct FlatnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flatness", abstract: "Measures how fast the loss rises around trained weights.",
        discussion: """
            Along random directions that respect the scale of each filter, over [-1, 1].

            EXAMPLES:
              trainer flatness Runs/a/weights/last.safetensors Runs/b/weights/last.safetensors --data Configs/digits.yaml
            """)

    @Argument(help: "Weights files that trainer wrote, or run folders (their best weights).", completion: .weights)
    var weights: [String]

    @Option(
        help: ArgumentHelp("The configuration whose training images are used.", valueName: "config"),
        completion: .config)
    var data: String

    @Option(name: .customLong("set"), help: ArgumentHelp("Replaces a value; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "How many directions.")
    var directions = 10

    @Option(help: "How many points on each direction.")
    var points = 21

    @Option(help: "How many training images at most.")
    var images = 2000

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        if weights.isEmpty { throw ValidationError("no weights are given, expected at least one file") }
        try checkRanges([
            ("--directions", directions, 1...10_000), ("--points", points, 3...10_000),
            ("--images", images, 1...1_000_000_000),
        ])
    }

    func run() throws {
        let console = Console()
        let recipe = try Recipe.load(data, overrides: overrides)
        var profiles: [(path: String, profile: FlatnessProfile)] = []
        for path in weights {
            let profile = try flatness(
                of: Weights.find(path).weights, recipe, directions: directions, points: points, images: images)
            guard profile.centre.isFinite else {
                throw RecipeError(
                    "\(path): the loss is not finite at the weights themselves, so there is nothing to measure")
            }
            profiles.append((path, profile))
        }
        let radii = [0.25, 0.5, 1.0]
        if json {
            let values: [JSONValue] = profiles.map { path, profile in
                [
                    "weights": .string(path), "loss": .number(profile.centre),
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
                    [path, NumberText.fixed(profile.centre, decimals: 4)]
                        + radii.map { NumberText.fixed(profile.meanRise(radius: $0), decimals: 4) }
                }
            ).render())
    }
}
