import Checkpoints
import Datasets
import Layers
import Reporting
import Tasks
import Tensors

// One epoch: its updates, then what is measured, written and decided at its end.
extension TrainingRun {
    /// Makes the updates that are left in the current epoch.
    func trainEpoch(_ states: inout StateStore, _ saver: inout PeriodicSave) throws -> EpochEnd {
        let batches = loaders.train.batchCount
        let perEpoch = min(batches * recipe.training.batchSize, data.splits.train.count)
        var end = EpochEnd()
        var last = MonotonicClock.seconds()
        var meter = RateMeter(at: last)
        loaders.train.start(epoch: place.epochs + progress.epoch, at: progress.batch)
        output.tell(missingThreads: loaders.train.missingThreads, of: recipe.training.loaderThreads)
        while let batch = try loaders.train.next() {
            end.waited += MonotonicClock.seconds() - last
            try beforeUpdate?(updates)
            end.learningRate = learningRate
            if ranks.size > 1 { step.wishes = wishes(saver) }
            try makeUpdate(batch, learningRate: end.learningRate)
            // Waiting for the data counts as training.
            let now = MonotonicClock.seconds()
            meter.add(batch.wholeCount, at: now)
            progress.clock.trainingSeconds += now - last
            end.seconds += now - last
            last = now
            if progress.batch < batches {
                let decision = decision(saver, now: now)
                if decision.signal != nil || decision.isSaveDue || place.limit?.isOver == true {
                    try save(&states)
                    saver.hasSaved()
                }
                try stopIfAsked(decision.signal)
                try pauseIfDue()
            }
            output.show(
                progress, place, end, meter, epochs: recipe.training.epochs, batches: batches, images: perEpoch,
                metric: step.task.trainingMetric)
        }
        end.imagesPerSecond = meter.perSecond
        return end
    }

    /// Everything must be saved.
    func stopIfAsked(_ signal: Int32?) throws {
        guard let signal else { return }
        output.stopFile?.remove()
        throw Interrupted(signal: signal, updates: updates)
    }

    /// One update, or none where the recipe says that one without finite numbers is left out.
    private func makeUpdate(_ batch: Batch<Task.Target>, learningRate: Double) throws {
        let update = updates
        do {
            let outcome = try step(batch, update: update, learningRate: learningRate)
            progress.add(
                loss: outcome.loss, measured: outcome.measured, gradientNorm: outcome.gradientNorm,
                terms: outcome.terms, images: batch.wholeCount)
        } catch let error as NonFiniteError {
            let error = examined(error, batch, learningRate)
            guard recipe.training.onNonFinite == .skip,
                progress.skippedInARow < NonFiniteError.mostSkippedInARow
            else { throw error }
            progress.skip()
            console.warning(
                "update \(update) is left out: the \(error.what) is not finite, first seen in \(error.place)")
        }
    }

    /// The error with what the user needs to know of it, and the rest in a file.
    func examined(
        _ error: NonFiniteError, _ batch: Batch<Task.Target>?, _ learningRate: Double
    ) -> NonFiniteError {
        var error = error
        error.skippedBefore = progress.skippedInARow
        error.isClipped = recipe.optimizer.clipNorm > 0
        let known = PostMortem(step: step, train: data.splits.train, progress: progress, before: place.epochs)
        error.postMortem = output.write(postMortem: known.json(error, batch, learningRate: learningRate))
        return error
    }

    /// Evaluates, writes the epoch's line, keeps the best weights and decides whether to go on.
    func endEpoch(_ end: EpochEnd) throws {
        let begin = MonotonicClock.seconds()
        let task = step.task
        let number = place.epochs + progress.epoch + 1
        var line = EpochLine(
            labels: place.labels, heading: output.heading, epoch: number,
            epochs: place.totalEpochs ?? recipe.training.epochs, update: updates, progress.sums, end,
            metric: task.trainingMetric)
        if let validation = loaders.validation {
            let measured = measured
            let findings = try measure(measured, validation, .validation)
            let scores = findings.scores
            keepSnapshot(findings, of: validation.dataset, epoch: number)
            line.add(validation: scores)
            progress.lastValidation = Measured(scores)
            progress.lastSettings = task.settings(after: findings)
            best.offer(scores, epoch: number, measured, settings: progress.lastSettings)
            observePlateau(scores)
            if place.patience > 0,
                progress.peak.map({ task.metrics[0].isBetter(scores.primary, than: $0.value) }) ?? true
            {
                progress.peak = Peak(epoch: progress.epoch + 1, value: scores.primary)
            }
            if let average = step.state.average {
                line.add(averageValidation: try task.evaluate(model, average.store, validation).scores)
            }
        }
        if recipe.reporting.testEveryEpoch, let test = loaders.test {
            line.add(test: try measure(measured, test, .test).scores)
        }
        progress.clock.evaluationSeconds += MonotonicClock.seconds() - begin
        line.close(end, seconds: progress.clock.seconds)
        try output.add(line) {
            LayerGroups(model.parameters).json(weights: store.flat, gradients: step.gradients)
        }
        progress.nextEpoch()
        stopIfNothingImproves()
    }

    /// Pictures after each tenth of the run.
    private func keepSnapshot(
        _ findings: Task.Measure.Findings, of dataset: any AnnotatedDataset<Task.Annotation>, epoch: Int
    ) {
        let total = place.totalEpochs ?? recipe.training.epochs
        guard epoch * 10 / total > (epoch - 1) * 10 / total || epoch == 1 else { return }
        output.reporter?.snapshot(epoch: epoch) { try step.task.snapshot(findings, of: dataset) }
    }

    /// Evaluates; a loss that is no number means that the weights are beyond use.
    func measure(
        _ store: ParameterStore<Float>, _ loader: RunLoaders<Task>.Loader, _ part: ResultPart
    ) throws -> Task.Measure.Findings {
        let dataset = loader.dataset
        var options = EvaluationOptions(images: dataset.count) { dataset.name($0) }
        let isResult = part == loaders.result?.part
        if isResult, output.reporter != nil { options.mistakes = 24 }
        let findings = try step.task.evaluate(model, store, loader, options)
        if isResult { lastFindings = findings }
        guard findings.scores.loss.isFinite else {
            throw RecipeError(
                "the \(part.rawValue) loss after update \(progress.update) is not finite, "
                    + NonFiniteError.advice(isClipped: recipe.optimizer.clipNorm > 0))
        }
        return findings
    }

    private func stopIfNothingImproves() {
        let stopping = EarlyStopping(patience: recipe.training.earlyStopping, before: place.epochs)
        let number = place.epochs + progress.epoch
        let metric = step.task.metrics[0]
        guard loaders.validation != nil, progress.epoch < recipe.training.epochs,
            let reason = stopping.reason(after: number, best, metric)
                ?? EarlyStopping.reason(
                    after: progress.epoch, progress.peak, patience: place.patience, metric)
        else { return }
        progress.stoppedEarly = reason
        console.notice("stopped after epoch \(number): \(reason)")
    }
}
