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
        let task = step.task
        func value(_ store: ParameterStore<Float>, _ loader: RunLoaders<Task>.Loader) throws -> Double {
            try task.evaluate(model, store, loader).scores.primary
        }
        var summary = Summary(metric: task.metrics[0])
        summary.validation = progress.lastValidation.map {
            Scores(loss: $0.loss, count: 0, [task.metrics[0]: $0.value])
        }
        if let (part, loader) = loaders.result {
            let last = try measure(store, loader, part).scores
            let average = try step.state.average.map { try value($0.store, loader) }
            switch part {
            case .test:
                summary.test = last
                summary.bestTest = try best.store.map { try value($0, loader) } ?? last.primary
                summary.averageTest = average
            case .validation:
                summary.validation = last
                summary.averageValidation = average
            }
        }
        progress.clock.evaluationSeconds += MonotonicClock.seconds() - begin
        summary.bestEpoch = loaders.validation == nil ? place.epochs + progress.epoch : best.epoch
        summary.bestValidation = best.scores?.value
        summary.cost = Summary.Cost(
            epochs: progress.epoch, updates: progress.update, imagesPerSecond: progress.clock.imagesPerSecond,
            seconds: progress.clock.seconds, peakMemoryMB: Memory.peakMegabytes(),
            parameters: model.parameters.parameterCount)
        summary.stoppedEarly = progress.stoppedEarly
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
                part: part
            ).json(filters: FilterSamples.json(model.parameters, store))
        }
    }
}
