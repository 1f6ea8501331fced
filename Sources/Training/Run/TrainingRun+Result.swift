import Checkpoints
import JSON
import Layers
import Reporting
import Tasks
import Tensors

// What a run leaves: weights, the summary, and what its report is made of.
extension TrainingRun {
    var weights: RunWeights {
        RunWeights(
            model: model.parameters,
            metadata: WeightsMetadata(
                specification: data.specification, vocabulary: data.vocabulary, transform: data.plan))
    }

    /// Measures the test set, or where there is none the validation part: the last weights, the best ones, and the moving
    /// average.
    func summarize() throws -> Summary {
        let begin = MonotonicClock.seconds()
        let measurement = SummaryMeasurement(
            task: step.task, model: model, state: step.state, best: best, progress: progress)
        var summary = try measurement.summary(
            loaders.result, validates: loaders.validation != nil, before: place.epochs
        ) { try measure(measured, $0, $1).scores }
        progress.clock.evaluationSeconds += MonotonicClock.seconds() - begin
        summary.cost.seconds = progress.clock.seconds
        summary.cost.multiplyAdds = try model.trace(height: data.plan.height, width: data.plan.width).multiplyAdds
        return summary
    }

    /// Opens the report of a run of its own; a stage of a longer run is given that run's.
    func beginReport(_ directory: RunDirectory) {
        output.reporter = RunReporter(directory, recipe.reporting, console)
        output.reporter?.begin(
            RunDescription(
                kind: "training",
                command: RunDescription.command("trainer train " + ShellWord.quoted(recipe.path), recipe.entries),
                configuration: recipe.entries, recipe: recipe, data: DataDescription(data), model: model,
                metrics: step.task.metrics),
            resumingAfter: progress.update
        ) { try Thumbnails(data, recipe).samples(step.task) }
    }

    /// What the last weights get wrong, and the filters they learnt.
    func reportResult() {
        guard let findings = lastFindings, let part = loaders.result?.part else { return }
        output.reporter?.result {
            try ResultRecord(
                task: step.task, findings: findings, data: data, recipe: recipe, epoch: place.epochs + progress.epoch,
                part: part, explainer: try? Explainer(step.task, model, measured, data.plan)
            ).json(filters: FilterSamples.json(model.parameters, measured))
        }
    }
}
