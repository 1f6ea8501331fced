import Checkpoints
import Datasets
import JSON
import Layers
import Reporting
import Tensors

// What a run leaves for its report.
extension TrainingRun {
    /// Opens the report of a run of its own; a stage of a longer run is given that run's.
    func beginReport(_ directory: RunDirectory) {
        reporter = RunReporter(directory, recipe.reporting, console)
        reporter?.begin(
            RunDescription(
                kind: "training",
                command: RunDescription.command("trainer train " + RunDescription.quoted(recipe.path), recipe.entries),
                configuration: recipe.entries, recipe: recipe, data: data, model: model),
            resumingAfter: progress.update)
    }

    /// Hands an epoch's line over.
    func reportEpoch(_ line: JSONValue) {
        reporter?.epoch(line) {
            LayerGroups(model.parameters).json(weights: store.flat, gradients: step.gradients)
        }
    }

    /// What the last weights get wrong, and the filters they learnt.
    func reportResult() {
        guard let reporter, let measured = lastResult, let (part, _, dataset) = resultPart else { return }
        reporter.result {
            let wrong = measured.mistakes
            let pictures = try Thumbnails.evaluation(
                dataset, wrong.map(\.index), data, recipe, limit: 96)
            let mistakes = zip(wrong, pictures).map { mistake, picture -> JSONValue in
                var json = picture
                json["name"] = .string(dataset.name(mistake.index))
                json["actual"] = .integer(mistake.actual)
                json["predicted"] = .integer(mistake.predicted)
                json["confidence"] = .measured(mistake.confidence)
                json["actualProbability"] = .measured(mistake.actualProbability)
                return json
            }
            var cells: [JSONValue] = []
            for (actual, row) in measured.confusion.enumerated() {
                for (predicted, count) in row.enumerated() where count > 0 {
                    cells.append(.array([.integer(actual), .integer(predicted), .integer(count)]))
                }
            }
            return [
                "epoch": .integer(place.epochs + progress.epoch), "part": .string(part.rawValue),
                "count": .integer(measured.count), "accuracy": .number(measured.accuracy),
                "topFiveAccuracy": .number(measured.topFiveAccuracy), "loss": .measured(measured.loss),
                "classes": .integer(model.classes), "confusion": .array(cells),
                "mistakes": .array(mistakes), "filters": FilterSamples.json(model.parameters, store),
            ]
        }
    }
}
