import ArgumentParser
import Configuration
import Reporting
import Tensors
import Training

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows a configuration with everything filled in and where each value comes from, or the reference.",
        discussion: """
            The output without --json is a configuration itself: each value's file, line and column, --set option or \
            "default" stands behind it as a comment. The data is not opened.

            EXAMPLES:
              trainer config Configs/cifar10-nano.yaml
              trainer config Configs/digits.yaml --set training.epochs=5 --json
              trainer config --reference
              trainer config --reference --markdown > Docs/ConfigReference.md
              trainer config --reference --schema > Configs/schema.json
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String?

    @OptionGroup var overrides: Overrides

    @Flag(help: "Show all keys with types, ranges, defaults and a sentence each.")
    var reference = false

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "With --reference: print the page Docs/ConfigReference.md.")
    var markdown = false

    @Flag(help: "With --reference: print a JSON Schema for editors, Configs/schema.json.")
    var schema = false

    func validate() throws {
        if reference == (config != nil) {
            throw ValidationError("give either a configuration or --reference")
        }
        if !reference, markdown || schema {
            throw ValidationError("\(markdown ? "--markdown" : "--schema") goes with --reference")
        }
        if reference, !overrides.values.isEmpty { throw ValidationError("--set goes with a configuration") }
        if [json, markdown, schema].count(where: { $0 }) > 1 {
            throw ValidationError("--json, --markdown and --schema exclude each other; give one of them")
        }
    }

    func run() throws {
        let console = Console()
        guard let config else {
            let reference = try ConfigurationReference.all()
            let text = ReferenceText(reference)
            if schema {
                console.text(ReferenceSchema(reference).json.text(pretty: true))
            } else if json {
                console.text(text.json.text(pretty: true))
            } else {
                console.text(markdown ? text.markdown : text.plain)
            }
            return
        }
        let file = try OpenedRecipe.file(config)
        let (yaml, entries): (String, [ConfigurationEntry])
        if try DistillationRecipe.isOne(file, overrides: overrides.values) {
            let recipe = try DistillationRecipe.load(file, overrides: overrides.values)
            (yaml, entries) = (recipe.resolvedYAML, recipe.entries)
        } else {
            let recipe = try Recipe.load(file, overrides: overrides.values)
            (yaml, entries) = (recipe.resolvedYAML, recipe.entries)
        }
        console.text(
            json
                ? ResolvedConfiguration.json(entries).text(pretty: true)
                : ResolvedConfiguration.annotated(yaml, entries))
    }
}
