import Checkpoints
import Datasets
import JSON
import Layers
import Reporting
import Tensors

// One epoch: its updates, then what is measured, written and decided at its end.
extension TrainingRun {
    /// What the updates of an epoch leave for its line in the log.
    struct EpochEnd {
        var learningRate = 0.0
        var imagesPerSecond: Double?
        /// Seconds that updates waited for their batch, and the seconds of all updates.
        var waited = 0.0
        var seconds = 0.0
    }

    /// Makes the updates that are left in the current epoch.
    func trainEpoch(_ states: inout StateStore) throws -> EpochEnd {
        let epoch = progress.epoch
        let epochs = place.totalEpochs ?? recipe.training.epochs
        let batches = trainLoader.batchCount
        let perEpoch = min(batches * recipe.training.batchSize, data.splits.train.count)
        var end = EpochEnd()
        var last = MonotonicClock.seconds()
        var meter = RateMeter(at: last)
        trainLoader.start(epoch: place.epochs + epoch, at: progress.batch)
        tellMissingThreads()
        while let batch = try trainLoader.next() {
            end.waited += MonotonicClock.seconds() - last
            let update = place.updates + progress.update
            try beforeUpdate?(update)
            end.learningRate = schedule.learningRate(at: place.scheduleUpdates + progress.update)
            try makeUpdate(batch, update, learningRate: end.learningRate)
            // Waiting for the data counts as training.
            let now = MonotonicClock.seconds()
            meter.add(batch.count, at: now)
            progress.trainingSeconds += now - last
            end.seconds += now - last
            last = now
            if progress.batch < batches {
                try saveIfDue(now, &states)
                if StopRequest.pending != nil {
                    try save(&states)
                    try stopIfAsked()
                }
            }
            let left = (epochs - place.epochs - epoch) * perEpoch - progress.seen
            var report = ProgressReport(
                epoch: place.epochs + epoch + 1, epochs: epochs, step: progress.batch, steps: batches,
                loss: progress.meanLoss, measure: (.accuracy, progress.accuracy), imagesPerSecond: meter.perSecond,
                learningRate: end.learningRate, timeLeft: meter.timeLeft(for: left))
            report.heading = heading
            // A stage's time left is that of all stages; what other runs add counts from its own end.
            let own = (recipe.training.epochs - epoch) * perEpoch - progress.seen
            report.totalTimeLeft = meter.timeLeft(for: own).flatMap {
                totalTimeLeft?($0, Double(own) / Double(max(1, recipe.training.epochs * perEpoch)))
            }
            console.progress(report)
        }
        end.imagesPerSecond = meter.perSecond
        return end
    }

    /// Says once that batches are prepared by fewer threads than were asked for.
    private func tellMissingThreads() {
        let missing = trainLoader.missingThreads
        guard missing > 0, !hasToldMissingThreads else { return }
        hasToldMissingThreads = true
        let found = recipe.training.loaderThreads - missing
        console.notice(
            "The system grants \(found) of the \(recipe.training.loaderThreads) threads of training.loaderThreads (a limit of "
                + "processes), so batches are prepared "
                + (found == 0 ? "between the updates." : "by fewer threads."))
    }

    /// One update, or none where the recipe says that one without finite numbers is left out.
    private func makeUpdate(_ batch: Batch, _ update: Int, learningRate: Double) throws {
        do {
            progress.add(try step(batch, update: update, learningRate: learningRate), images: batch.count)
        } catch let error as NonFiniteError {
            let error = examined(error, batch, learningRate)
            guard recipe.training.onNonFinite == .skip, progress.skippedInARow < TrainingRun.mostSkippedInARow else {
                throw error
            }
            progress.skip()
            console.warning(
                "update \(update) is left out: the \(error.what) is not finite, first seen in \(error.place)")
        }
    }

    /// After so many updates left out in a row the weights themselves must be bad.
    static let mostSkippedInARow = 10

    /// Writes down what is known; a disk that is full must not hide the reason.
    func examined(_ error: NonFiniteError, _ batch: Batch?, _ learningRate: Double) -> NonFiniteError {
        var error = error
        error.skippedBefore = progress.skippedInARow
        error.isClipped = recipe.optimizer.clipNorm > 0
        guard let path = postMortemPath else { return error }
        do {
            try PostMortem(error: error, batch: batch, learningRate: learningRate).write(self, path)
            error.postMortem = path
        } catch { console.warning("\(error)") }
        return error
    }

    /// Evaluates, writes the epoch's line, keeps the best weights and decides whether to go on.
    func endEpoch(_ end: EpochEnd) throws {
        let begin = MonotonicClock.seconds()
        let number = place.epochs + progress.epoch + 1
        var line: JSONValue = .object(place.labels)
        line["epoch"] = .integer(number)
        line["update"] = .integer(place.updates + progress.update)
        line["trainLoss"] = .measured(progress.meanLoss)
        line["trainAccuracy"] = .number(progress.accuracy)
        line["gradientNorm"] = .measured(progress.meanGradientNorm)
        line["gradientNormMedian"] = .measured(progress.medianGradientNorm)
        line["gradientNormMax"] = .measured(progress.gradientNorms.max() ?? 0)
        line["learningRate"] = .measured(end.learningRate)
        if progress.skipped > 0 { line["skippedUpdates"] = .integer(progress.skipped) }
        if end.seconds > 0 { line["dataWaitShare"] = .measured(end.waited / end.seconds) }
        for term in progress.terms {
            let seen = Double(max(1, progress.seen))
            line["loss.\(term.name)"] = .measured(term.raw / seen)
            line["weightedLoss.\(term.name)"] = .measured(term.weighted / seen)
        }
        var text = heading.map { $0 + "  " } ?? ""
        text += "epoch \(number)/\(place.totalEpochs ?? recipe.training.epochs)"
        text +=
            "  loss \(NumberText.fixed(progress.meanLoss, decimals: 4))  train \(NumberText.percentage(progress.accuracy))"
        if let validationLoader {
            let result = try measure(store, validationLoader, "validation")
            line["validationLoss"] = .measured(result.loss)
            line["validationAccuracy"] = .number(result.accuracy)
            line["validationTopFiveAccuracy"] = .number(result.topFiveAccuracy)
            text += "  validation \(NumberText.percentage(result.accuracy))"
            progress.lastValidationAccuracy = result.accuracy
            progress.lastValidationLoss = result.loss
            keepBest(result)
            if let average = step.average {
                let result = try evaluate(model, average.store, validationLoader)
                line["emaValidationAccuracy"] = .number(result.accuracy)
                line["emaValidationLoss"] = .measured(result.loss)
                text += "  EMA \(NumberText.percentage(result.accuracy))"
            }
        }
        if recipe.reporting.testEveryEpoch, let testLoader {
            let result = try measure(store, testLoader, "test")
            line["testAccuracy"] = .number(result.accuracy)
            line["testLoss"] = .measured(result.loss)
            text += "  test \(NumberText.percentage(result.accuracy))"
        }
        progress.evaluationSeconds += MonotonicClock.seconds() - begin
        line["imagesPerSecond"] = end.imagesPerSecond.map { .rounded($0, decimals: 1) } ?? .null
        line["seconds"] = .rounded(progress.seconds, decimals: 3)
        line["peakMemoryMB"] = .rounded(Memory.peakMegabytes(), decimals: 1)
        try log?.append(line)
        reportEpoch(line)
        if let rate = end.imagesPerSecond { text += "  \(NumberText.grouped(Int(bounded: rate))) images/s" }
        console.line(text)
        progress.nextEpoch()
        stopIfNothingImproves()
    }

    /// Evaluates; a loss that is no number means that the weights are beyond use.
    func measure(_ store: ParameterStore<Float>, _ loader: BatchLoader, _ part: String) throws -> EvaluationResult {
        let isResult = part == resultPart?.kind.rawValue
        let result = try evaluate(model, store, loader, mistakes: isResult && reporter != nil ? 24 : 0)
        if isResult { lastResult = result }
        guard result.loss.isFinite else {
            throw RecipeError(
                "the \(part) loss after update \(progress.update) is not finite, "
                    + NonFiniteError.advice(isClipped: recipe.optimizer.clipNorm > 0))
        }
        return result
    }

    private func stopIfNothingImproves() {
        let patience = recipe.training.earlyStopping
        let number = place.epochs + progress.epoch
        guard patience > 0, validationLoader != nil, number - max(progress.bestEpoch, place.epochs) >= patience,
            progress.epoch < recipe.training.epochs
        else { return }
        let reason =
            "no better validation accuracy than \(NumberText.percentage(progress.bestAccuracy ?? 0)) of epoch "
            + "\(progress.bestEpoch) for \(patience) \(patience == 1 ? "epoch" : "epochs")"
        progress.stoppedEarly = reason
        console.notice("stopped after epoch \(number): \(reason)")
    }

    private func keepBest(_ result: EvaluationResult) {
        let isBetter =
            progress.bestAccuracy.map {
                result.accuracy > $0 || (result.accuracy == $0 && result.loss < progress.bestLoss)
            } ?? true
        guard isBetter else { return }
        progress.bestAccuracy = result.accuracy
        progress.bestLoss = result.loss
        progress.bestEpoch = place.epochs + progress.epoch + 1
        if best == nil { best = store.copy() } else { best?.update(from: store) }
    }
}
