import ArgumentParser
import Checkpoints
import Reporting
import Tensors
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a model as a configuration file says.",
        discussion: """
            Examples:
              trainer train Configs/digits.yaml
              trainer train Configs/cifar10-pico.yaml --set data.path=/data/cifar10 --output Runs/pico
              trainer train Configs/digits.yaml --resume
            """)

    @Argument(help: "The configuration, a YAML file.")
    var config: String

    @Option(name: .customLong("set"), help: ArgumentHelp("Replaces a value; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "The run folder; Runs/<name of the configuration> by default.")
    var output: String?

    @Flag(help: "Continue the run in the folder where it was saved last.")
    var resume = false

    @Flag(help: "Replace the run in the folder.")
    var overwrite = false

    @Flag(help: "Check configuration, data and model, print what would be trained, and stop.")
    var dryRun = false

    func validate() throws {
        if resume && overwrite { throw ValidationError("--resume and --overwrite exclude each other; give one of them") }
    }

    func run() throws {
        let recipe = try Recipe.load(config, overrides: overrides)
        let console = Console(interval: recipe.reporting.logEverySeconds)
        let path = output ?? recipe.run.output ?? "Runs/" + stem(config)
        let mode: RunDirectory.Mode = resume ? .resume : overwrite ? .overwrite : .new
        try RunDirectory.check(path, mode: mode)
        let data = try PreparedData(recipe)
        if dryRun {
            console.text(try describe(recipe, data, path))
            return
        }
        let directory = try RunDirectory(path, mode: mode)
        if resume, let finished = try TrainingRun.finishedSummary(directory, recipe) {
            console.line("the run in \(path) is finished; nothing is left to do")
            console.text(finished.text(pretty: true))
            return
        }
        let run = try TrainingRun(recipe, data: data, directory: directory, console: console)
        console.text(try describe(recipe, data, path))
        let summary = try run.run(resuming: resume)
        console.text(render(summary, path))
    }

    private func describe(_ recipe: Recipe, _ data: PreparedData, _ path: String) throws -> String {
        let plan = data.plan
        let model = try data.specification.makeModel(height: plan.height, width: plan.width)
        let trace = try model.trace(height: plan.height, width: plan.width)
        let validation = data.splits.validation.map { "\($0.count) validation, " } ?? ""
        var text = """
            data    \(recipe.data.path): \(data.splits.train.count) training, \(validation)\(data.splits.test.count) test \
            images, \(data.splits.classNames.count) classes
            input   \(plan.height)x\(plan.width), \(plan.channels == 1 ? "grey" : "colour")
            model   \(recipe.model.name), \(NumberText.grouped(model.parameters.parameterCount)) parameters, \
            \(NumberText.grouped(trace.multiplyAdds)) multiply-adds per image
            train   \(recipe.training.epochs) epochs, batch \(recipe.training.batchSize), \(ThreadPool.shared.threads) threads
            run     \(path)

            """
        if let attribution = data.splits.attribution { text += attribution + "\n" }
        return text
    }

    private func render(_ summary: Summary, _ path: String) -> String {
        var rows = [
            ["test accuracy (last epoch)", NumberText.percentage(summary.testAccuracy)],
            ["test loss", NumberText.fixed(summary.testLoss, decimals: 4)],
        ]
        if let validation = summary.bestValidationAccuracy {
            rows.append(["best epoch", "\(summary.bestEpoch) (validation \(NumberText.percentage(validation)))"])
            rows.append(["test accuracy (best epoch)", NumberText.percentage(summary.bestTestAccuracy)])
        }
        if let average = summary.emaTestAccuracy {
            rows.append(["test accuracy (moving average)", NumberText.percentage(average)])
        }
        rows.append(["images per second", NumberText.grouped(Int(summary.imagesPerSecond))])
        rows.append(["time", NumberText.duration(summary.seconds)])
        rows.append(["peak memory", "\(Int(summary.peakMemoryMB)) MB"])
        rows.append(["weights", path + "/weights"])
        return Table(columns: [Table.Column("result", .left), Table.Column("", .left)], rows: rows).render()
    }
}

/// The file's name without folders and ending.
func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
}
