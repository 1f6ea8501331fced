import ArgumentParser
import Datasets
import Reporting
import Tensors
import Training

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measures weights on the test images of a configuration's data.",
        discussion: """
            EXAMPLES:
              trainer evaluate Runs/digits/weights/best.safetensors --data Configs/digits.yaml
              trainer evaluate weights.safetensors --data Configs/cifar10-pico.yaml --set data.path=/data/cifar10 --json
            """)

    @Argument(help: "A weights file that trainer wrote, or a run folder (its best weights).", completion: .weights)
    var weights: String

    @Option(help: ArgumentHelp("The configuration whose data is used.", valueName: "config"), completion: .config)
    var data: String

    @Option(name: .customLong("set"), help: ArgumentHelp("Replaces a value; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func run() throws {
        let console = Console()
        let recipe = try Recipe.load(data, overrides: overrides)
        let (path, weights) = try Weights.find(self.weights)
        let part = try openPart(
            recipe.data.path, isTrainedOn: Weights.mayHaveLearnt(path, from: recipe.data.path),
            validation: recipe.data.validation, seed: UInt64(recipe.run.seed), onBroken: recipe.data.onBroken,
            packedMegabytes: recipe.data.packedMegabytes)
        for notice in part.notices { console.notice(notice) }
        let test = try weights.labelled(part.dataset, recipe.data)
        let options = LoaderOptions(
            batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads,
            cacheBudget: 0)
        let loader = BatchLoader(
            test, transform: try Transform(weights.metadata.transform, mode: .evaluation), options: options)
        if let notice = ThreadPool.use(recipe.training) { console.notice(notice) }
        let result = try evaluate(weights.model, weights.store, loader).checked(self.weights)
        if json {
            console.text(encode(result, weights).text(pretty: true))
        } else {
            console.text(render(result, weights))
        }
    }

    private func encode(_ result: EvaluationResult, _ weights: Weights) -> JSONValue {
        let names = weights.metadata.classNames
        return [
            "accuracy": .number(result.accuracy), "topFiveAccuracy": .number(result.topFiveAccuracy),
            "loss": .number(result.loss), "images": .integer(result.count),
            "perClass": .array(
                result.perClass.enumerated().map { i, entry in
                    [
                        "class": .string(names[i]), "images": .integer(entry.count),
                        "accuracy": entry.count > 0 ? .number(Double(entry.correct) / Double(entry.count)) : .null,
                    ]
                }),
            "confusion": .array(result.confusion.map { .array($0.map { .integer($0) }) }),
        ]
    }

    private func render(_ result: EvaluationResult, _ weights: Weights) -> String {
        let names = weights.metadata.classNames
        let rows = result.perClass.enumerated().map { i, entry in
            [
                names[i], String(entry.count),
                entry.count > 0 ? NumberText.percentage(Double(entry.correct) / Double(entry.count)) : "-",
            ]
        }
        let five = min(5, names.count)
        return """
            images  \(result.count)
            top-1   \(NumberText.percentage(result.accuracy))
            top-\(five)   \(NumberText.percentage(result.topFiveAccuracy))
            loss    \(NumberText.fixed(result.loss, decimals: 4))

            \(Table(columns: ["class", "images", "accuracy"], rows: rows).render())
            """
    }
}
