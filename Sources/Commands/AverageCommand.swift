import ArgumentParser
import Checkpoints
import Datasets
import Foundation
import JSON
import Reporting
import Tasks
import Tensors
import Training

struct AverageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "average", abstract: "Averages the weights of several runs or of one run's files.",
        discussion: """
            Runs that began with the same weights, fine-tunings above all, may be averaged; those that began with other \
            random numbers may not, and the figures show it. With --greedy the best weights come first, and others are \
            taken where the mean is no worse with them. The validation images of the first run decide, unless --data \
            says otherwise.

            Running statistics of batch norms are gathered anew over the training images, those of a single file, \
            such as a run's moving average, as well.

            EXAMPLES:
              trainer average Runs/a Runs/b Runs/c --output soup.safetensors
              trainer average Runs/tuned/*/ --greedy --output soup.safetensors
              trainer average Runs/a/weights/epoch-*.safetensors --output mean.safetensors
              trainer average Runs/a/weights/ema.safetensors --output ema.safetensors
            """)

    @Argument(help: "Weights files that trainer wrote, or run folders (their best weights).", completion: .weights)
    var weights: [String]

    @Option(help: "The weights file to write.", completion: .file(extensions: ["safetensors"]))
    var output: String

    @Flag(help: "Take only what makes the mean no worse on the validation images.")
    var greedy = false

    @Option(
        help: ArgumentHelp(
            "The configuration or run whose validation images decide; the first run's by default.",
            valueName: "config"), completion: .config)
    var data: String?

    @OptionGroup var overrides: Overrides

    @Flag(help: "Take the mean of running statistics, too, and gather none.")
    var keepStatistics = false

    @Flag(help: "Replace a file that is there.")
    var overwrite = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func run() throws {
        let console = Console()
        if !overwrite, FileManager.default.fileExists(atPath: output) {
            throw ValidationError("\(output) is there already; give another --output, or --overwrite")
        }
        let paths = try weights.map { try Weights.file(at: $0) }
        let runs = weights.compactMap { (RunFolder($0) ?? RunFolder(of: $0))?.path }
        guard let source = data ?? runs.first else {
            // A file that is missing lies in no run folder either.
            _ = try Weights.read(paths[0])
            throw ValidationError(
                "\(weights[0]) lies in no run folder, whose configuration would name the data, expected --data <config>"
            )
        }
        let recipe = try openRecipe(source, overrides.values, console, data: true)
        if let notice = ThreadPool.use(recipe.training) { console.notice(notice) }
        for run in runs where data == nil {
            guard let other = try? OpenedRecipe(run).recipe, other.run.seed != recipe.run.seed else { continue }
            console.notice(
                "\(run) has another run.seed than \(source), so it may have learnt from some of the validation images that "
                    + "decide here, unless the data has a validation part of its own.")
            break
        }
        let first = try Weights.read(paths[0])
        let gathers = !keepStatistics && GatheredStatistics.exist(in: first)
        guard paths.count > 1 || gathers else {
            throw ValidationError(
                "one file is given, expected at least two files or run folders (one alone has its statistics of batch norms "
                    + "gathered anew, where it has any)")
        }
        let soup = try average(paths, recipe, try recipe.checkedTask(for: first, paths[0]), first, gathers, console)
        try soup.weights.write(output)
        console.text(json ? encode(soup).text(pretty: true) : render(soup))
    }

    private func average<C: TaskConfiguration>(
        _ paths: [String], _ recipe: Recipe, _ configuration: C, _ first: Weights, _ gathers: Bool,
        _ console: Console
    ) throws -> Soup {
        let images = try configuration.openPart(recipe.dataRequest, .validation, isTrainedOn: true)
        for notice in images.notices { console.notice(notice) }
        let dataset = try first.matched(images.dataset, recipe.data, C.self)
        let task = try C.task(first.metadata.vocabulary)
        let loader = BatchLoader(
            dataset, transform: try Transform(first.metadata.transform, mode: .evaluation),
            collator: task.collator(training: false),
            options: LoaderOptions(
                batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads,
                cacheBudget: recipe.data.cacheMegabytes << 20))
        let training = gathers ? try trainingImages(recipe, configuration, task, first, console) : nil
        StopRequest.listen(training: false)
        let measurements = greedy ? 2 * paths.count - 1 : paths.count + 1
        let progress = WorkProgress(progressConsole(json: json), "measurement", of: measurements)
        defer { progress.finish() }
        let prepare = { (weights: Weights) in
            guard let training else { return }
            try GatheredStatistics.gather(weights, training, seed: UInt64(recipe.run.seed)) {
                try StopRequest.check("nothing was written")
            }
        }
        return try Soup(paths, greedy: greedy, prepare: prepare) { weights in
            let scores = try task.evaluate(weights.model, weights.store, loader).scores
            progress.add()
            try StopRequest.check("nothing was written")
            return scores
        }
    }

    /// The batches that statistics are gathered over: the training images as a run sees them, not mixed with each other.
    private func trainingImages<C: TaskConfiguration>(
        _ recipe: Recipe, _ configuration: C, _ task: C.Task, _ first: Weights, _ console: Console
    ) throws -> BatchLoader<C.Task.TargetCollator> {
        let images = try configuration.openPart(recipe.dataRequest, .train, isTrainedOn: true).dataset
        let dataset = try first.matched(images, recipe.data, C.self)
        console.notice("The statistics of batch norms are gathered over \(dataset.count) training images.")
        return BatchLoader(
            dataset, transform: try Transform(first.metadata.transform, mode: .training),
            collator: task.collator(training: false),
            options: LoaderOptions(
                batchSize: recipe.training.batchSize, seed: UInt64(recipe.run.seed), shuffles: true, dropsLast: true,
                threads: recipe.training.loaderThreads, cacheBudget: recipe.data.cacheMegabytes << 20))
    }

    private func render(_ soup: Soup) -> String {
        let metric = soup.scores.values.first?.metric
        func text(_ scores: Scores?) -> String {
            guard let scores, let metric else { return "-" }
            return metric.text(scores.primary)
        }
        let table = Table(
            columns: [Table.Column("weights", .left), Table.Column(metric?.title ?? "")]
                + (greedy ? ["mean with it", Table.Column("", .left)] : []),
            rows: soup.ingredients.map { ingredient in
                [ingredient.path, text(ingredient.scores)]
                    + (greedy ? [text(ingredient.together), ingredient.isTaken ? "taken" : "left out"] : [])
            })
        let count = soup.ingredients.count(where: \.isTaken)
        return table.render()
            + "mean of \(count): validation \(metric?.title ?? "") \(text(soup.scores)), loss "
            + "\(NumberText.fixed(soup.scores.loss, decimals: 4))\nwritten to \(TextWidth.singleLine(output))\n"
    }

    private func encode(_ soup: Soup) -> JSONValue {
        func value(_ scores: Scores?) -> JSONValue { scores.map { .number($0.primary) } ?? .null }
        return [
            "output": .string(output), "value": value(soup.scores), "loss": .number(soup.scores.loss),
            "metric": .string(soup.scores.values.first?.metric.name ?? ""),
            "weights": .array(
                soup.ingredients.map {
                    [
                        "path": .string($0.path), "value": value($0.scores), "together": value($0.together),
                        "taken": .bool($0.isTaken),
                    ]
                }),
        ]
    }
}
