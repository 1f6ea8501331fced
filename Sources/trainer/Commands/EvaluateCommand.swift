import ArgumentParser
import Checkpoints
import Datasets
import Foundation
import JSON
import Reporting
import Tensors
import Training

extension PartChoice: ExpressibleByArgument {}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measures weights on images with labels: the test part, or another.",
        discussion: """
            A run folder stands for its best weights and for its configuration, which names the data; --data takes \
            another configuration, another run's, or a folder of images. Without --part the test images are measured, \
            or, where there are none, the validation images that the run held out. Classes are matched by name.

            EXAMPLES:
              trainer evaluate Runs/digits
              trainer evaluate Runs/digits --part validation
              trainer evaluate Runs/photos --predictions answers.csv
              trainer evaluate Runs/photos --set data.path=other/photos --json
              trainer evaluate weights.safetensors --data Configs/digits.yaml
            """)

    @Argument(help: "A weights file that trainer wrote, or a run folder (its best weights).", completion: .weights)
    var weights: String

    @Option(
        help: ArgumentHelp(
            "The configuration or run whose data is used, or a folder of images; the run's own by default.",
            valueName: "config"), completion: .config)
    var data: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("Replaces a value; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "The images to measure: train, validation, test, or all of data without parts.")
    var part: PartChoice?

    @Option(
        help: ArgumentHelp("Write path, label, prediction and the probability of each class.", valueName: "file.csv"),
        completion: .file(extensions: ["csv"]))
    var predictions: String?

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func run() throws {
        let console = Console()
        let (path, weights) = try Weights.find(self.weights)
        let recipe = try recipe(console)
        // Whether it can be written shows before the work.
        let file = try predictions.map { try AtomicFile.Stream($0) }
        let images = try openPart(
            recipe.data.path, part, isTrainedOn: Weights.mayHaveLearnt(path, from: recipe.data.path),
            validation: recipe.data.validation, seed: UInt64(recipe.run.seed), onBroken: recipe.data.onBroken,
            packedMegabytes: recipe.data.packedMegabytes)
        for notice in images.notices { console.notice(notice) }
        if let notice = ThreadPool.use(recipe.training) { console.notice(notice) }
        let measured = try measure(weights, images, recipe, file)
        try file?.finish()
        let shown = EvaluationText(
            result: measured.result, report: measured.report, names: weights.metadata.classNames, part: images.choice,
            weights: path, data: recipe.data.path, predictions: predictions)
        console.text(json ? shown.json.text(pretty: true) : shown.text)
        if !measured.keepsAll {
            console.notice("there are too many images and classes for areas under curves (AUC).")
        }
    }

    /// The recipe whose data is measured.
    private func recipe(_ console: Console) throws -> Recipe {
        let run = RunFolder(weights) ?? RunFolder(of: weights)
        guard let data else {
            guard let run else {
                throw ValidationError(
                    "\(weights) lies in no run folder, whose configuration would name the data, expected --data <config>"
                )
            }
            return try openRecipe(run.path, overrides, console, data: true)
        }
        if RunFolder.isFolder(data), RunFolder(data) == nil, let run {
            return try openRecipe(
                run.path, overrides + ["data.path=" + JSONValue.string(data).text()], console)
        }
        return try openRecipe(data, overrides, console, data: true)
    }

    private func measure(
        _ weights: Weights, _ images: DatasetPart, _ recipe: Recipe, _ file: AtomicFile.Stream?
    ) throws -> (result: EvaluationResult, report: ClassificationReport, keepsAll: Bool) {
        let names = weights.metadata.classNames
        let dataset = try weights.labeled(images.dataset, recipe.data)
        let options = LoaderOptions(
            batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads, cacheBudget: 0)
        let loader = BatchLoader(
            dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation), options: options)
        let progress = WorkProgress(progressConsole(json: json), "image", of: dataset.count)
        defer { progress.finish() }
        var scores = PredictionScores(classes: names.count, images: dataset.count)
        try file?.write(CSV.line(["path", "label", "predicted"] + names.map { "p(\($0))" }))
        let result = try evaluate(weights.model, weights.store, loader) { index, label, logProbabilities in
            let probabilities = logProbabilities.map { Float(exp(Double($0))) }
            guard !probabilities.contains(where: \.isNaN) else {
                throw RecipeError(
                    "\(dataset.name(index)): the model's outputs are not finite, so its weights or its input are "
                        + "beyond use")
            }
            scores.add(label: label, probabilities)
            progress.add()
            guard let file else { return }
            let best = probabilities.indices.reduce(0) { logProbabilities[$1] > logProbabilities[$0] ? $1 : $0 }
            try file.write(
                CSV.line([dataset.name(index), names[label], names[best]] + probabilities.map(CSV.number)))
        }
        return (result, ClassificationReport(confusion: result.confusion, scores: scores), scores.keepsAll)
    }
}
