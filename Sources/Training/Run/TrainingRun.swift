import Checkpoints
import Datasets
import Layers
import Models
import Optim
import Reporting
import Tensors

/// One run of a recipe in its folder: trains, validates after each epoch, saves, and measures the test set at the end.
public final class TrainingRun {
    let recipe: Recipe
    let data: PreparedData
    let directory: RunDirectory
    let console: Console
    let model: any FeatureModel
    let store: ParameterStore<Float>
    let step: TrainingStep
    let schedule: Schedule
    let trainLoader: BatchLoader
    let validationLoader: BatchLoader?
    let testLoader: BatchLoader
    let metadata: WeightsMetadata
    var states: StateStore
    var progress = RunProgress()
    var best: ParameterStore<Float>?
    var log: MetricsLog?
    private var lastSave = MonotonicClock.seconds()

    /// Called before each update with its index; a test throws here to stand for a crash.
    package var beforeUpdate: ((Int) throws -> Void)?

    /// Opens the data, builds the model and the optimizer; nothing is written yet.
    /// - Throws: one sentence that names the file or key at fault.
    public init(_ recipe: Recipe, data: PreparedData, directory: RunDirectory, console: Console) throws {
        self.recipe = recipe
        self.data = data
        self.directory = directory
        self.console = console
        ThreadPool.shared.threads = recipe.training.threads > 0 ? recipe.training.threads : ThreadPool.processorCount
        let seed = UInt64(recipe.run.seed)
        model = try data.specification.makeModel(height: data.plan.height, width: data.plan.width)
        store = ParameterStore(model.parameters, seed: seed)
        trainLoader = try data.loader(data.splits.train, recipe: recipe, training: true)
        validationLoader = try data.splits.validation.map { try data.loader($0, recipe: recipe, training: false) }
        testLoader = try data.loader(data.splits.test, recipe: recipe, training: false)
        guard trainLoader.batchCount > 0 else { throw RecipeError("\(recipe.data.path): there are no training images") }
        for notice in data.notices { console.notice(notice) }
        if data.splits.train.count < recipe.training.batchSize {
            console.notice(
                "the training set has \(data.splits.train.count) images, fewer than training.batchSize "
                    + "(\(recipe.training.batchSize)), so every epoch is one short batch")
        }
        let made = Schedule.make(
            recipe.schedule, learningRate: recipe.optimizer.learningRate, epochs: recipe.training.epochs,
            updatesPerEpoch: trainLoader.batchCount)
        schedule = made.schedule
        if let notice = made.notice { console.notice(notice) }
        var average: ExponentialMovingAverage<Float>?
        if let ema = recipe.optimizer.ema {
            average = ExponentialMovingAverage(store, decay: ema.decay, warmup: ema.warmup)
        }
        step = TrainingStep(
            task: ClassificationTask(model: model, labelSmoothing: recipe.loss.labelSmoothing), store: store,
            optimizer: recipe.optimizer.makeOptimizer(
                Float.self,
                groups: ParameterGroups(
                    model.parameters, weightDecay: recipe.optimizer.weightDecay, isTrainable: store.isTrainable)),
            average: average,
            clipNorm: recipe.optimizer.clipNorm, seed: seed)
        metadata = WeightsMetadata(
            specification: data.specification, classNames: data.classNames, transform: data.plan)
        states = StateStore(directory: directory.state)
    }

    /// Trains to the end, from the saved state when `resuming`.
    public func run(resuming: Bool) throws -> Summary {
        var isResumed = false
        if resuming { isResumed = try resume() }
        if !isResumed {
            if resuming { console.notice("nothing was saved in \(directory.path) yet, so the run starts from the beginning") }
            try AtomicFile.write(directory.config, recipe.resolvedYAML)
            log = try MetricsLog(path: directory.metrics)
        }
        while progress.epoch < recipe.training.epochs, progress.stoppedEarly == nil { try trainEpoch() }
        return try finish()
    }

    private func trainEpoch() throws {
        let epoch = progress.epoch
        let batches = trainLoader.batchCount
        let perEpoch = trainLoader.batchCount * recipe.training.batchSize
        var meter = RateMeter(at: MonotonicClock.seconds())
        trainLoader.start(epoch: epoch, at: progress.batch)
        var learningRate = 0.0
        while let batch = try trainLoader.next() {
            let begin = MonotonicClock.seconds()
            try beforeUpdate?(progress.update)
            learningRate = schedule.learningRate(at: progress.update)
            let outcome = try step(batch, update: progress.update, learningRate: learningRate)
            progress.add(outcome, images: batch.count)
            let now = MonotonicClock.seconds()
            meter.add(batch.count, at: now)
            progress.trainingSeconds += now - begin
            if progress.batch < batches { try saveIfDue(now) }
            let left = (recipe.training.epochs - epoch) * perEpoch - progress.seen
            console.progress(
                ProgressReport(
                    epoch: epoch + 1, epochs: recipe.training.epochs, step: progress.batch, steps: batches,
                    loss: progress.meanLoss, accuracy: progress.accuracy, imagesPerSecond: meter.perSecond,
                    learningRate: learningRate, timeLeft: meter.timeLeft(for: left)))
        }
        try endEpoch(learningRate: learningRate, imagesPerSecond: meter.perSecond)
    }

    /// Evaluates, writes the epoch's line, keeps the best weights and saves the state.
    private func endEpoch(learningRate: Double, imagesPerSecond: Double?) throws {
        let begin = MonotonicClock.seconds()
        var line: JSONValue = [
            "epoch": .integer(progress.epoch + 1), "update": .integer(progress.update),
            "trainLoss": .number(progress.meanLoss), "trainAccuracy": .number(progress.accuracy),
            "gradientNorm": .number(progress.meanGradientNorm), "learningRate": .number(learningRate),
        ]
        var text = "epoch \(progress.epoch + 1)/\(recipe.training.epochs)  loss \(NumberText.fixed(progress.meanLoss, decimals: 4))"
        text += "  train \(NumberText.percentage(progress.accuracy))"
        if let validationLoader {
            let result = try evaluate(model, store, validationLoader)
            line["validationLoss"] = .number(result.loss)
            line["validationAccuracy"] = .number(result.accuracy)
            line["validationTopFiveAccuracy"] = .number(result.topFiveAccuracy)
            text += "  validation \(NumberText.percentage(result.accuracy))"
            keepBest(result)
            if let average = step.average {
                let result = try evaluate(model, average.store, validationLoader)
                line["emaValidationAccuracy"] = .number(result.accuracy)
                line["emaValidationLoss"] = .number(result.loss)
                text += "  EMA \(NumberText.percentage(result.accuracy))"
            }
        }
        if recipe.reporting.testEveryEpoch {
            let result = try evaluate(model, store, testLoader)
            line["testAccuracy"] = .number(result.accuracy)
            line["testLoss"] = .number(result.loss)
            text += "  test \(NumberText.percentage(result.accuracy))"
        }
        progress.evaluationSeconds += MonotonicClock.seconds() - begin
        line["imagesPerSecond"] = imagesPerSecond.map { .number($0.rounded()) } ?? .null
        line["seconds"] = .number((progress.seconds * 1000).rounded() / 1000)
        try log?.append(line)
        if let imagesPerSecond { text += "  \(NumberText.grouped(Int(imagesPerSecond))) images/s" }
        console.line(text)
        progress.nextEpoch()
        let patience = recipe.training.earlyStopping
        if patience > 0, progress.epoch - progress.bestEpoch >= patience, validationLoader != nil {
            let reason =
                "no better validation accuracy than \(NumberText.percentage(progress.bestAccuracy ?? 0)) of epoch "
                + "\(progress.bestEpoch) for \(patience) epochs"
            progress.stoppedEarly = reason
            console.notice("stopped after epoch \(progress.epoch): \(reason)")
        }
        try save()
        try writeWeights()
    }

    private func keepBest(_ result: EvaluationResult) {
        let isBetter =
            progress.bestAccuracy.map {
                result.accuracy > $0 || (result.accuracy == $0 && result.loss < progress.bestLoss)
            } ?? true
        guard isBetter else { return }
        progress.bestAccuracy = result.accuracy
        progress.bestLoss = result.loss
        progress.bestEpoch = progress.epoch + 1
        if best == nil { best = store.copy() } else { best?.update(from: store) }
    }

    private func saveIfDue(_ now: Double) throws {
        let updates = recipe.training.saveEveryUpdates
        let minutes = recipe.training.saveEveryMinutes
        guard (updates > 0 && progress.update % updates == 0) || (minutes > 0 && now - lastSave > minutes * 60) else {
            return
        }
        try save()
    }

    func save() throws {
        try log?.synchronize()
        try saveState()
        lastSave = MonotonicClock.seconds()
    }

    func writeWeights() throws {
        try Weights.file(store, metadata).write(path: directory.lastWeights)
        try Weights.file(best ?? store, metadata).write(path: directory.bestWeights)
        if let average = step.average { try Weights.file(average.store, metadata).write(path: directory.emaWeights) }
    }

    /// Measures the test set, once, and writes the summary.
    private func finish() throws -> Summary {
        let begin = MonotonicClock.seconds()
        console.finish()
        try writeWeights()
        var summary = Summary()
        let last = try evaluate(model, store, testLoader)
        summary.testAccuracy = last.accuracy
        summary.testLoss = last.loss
        summary.bestTestAccuracy = try best.map { try evaluate(model, $0, testLoader).accuracy } ?? last.accuracy
        summary.emaTestAccuracy = try step.average.map { try evaluate(model, $0.store, testLoader).accuracy }
        progress.evaluationSeconds += MonotonicClock.seconds() - begin
        summary.bestEpoch = validationLoader == nil ? progress.epoch : progress.bestEpoch
        summary.bestValidationAccuracy = progress.bestAccuracy
        summary.epochs = progress.epoch
        summary.updates = progress.update
        summary.imagesPerSecond = Double(progress.imagesTrained) / max(progress.trainingSeconds, 1e-9)
        summary.seconds = progress.seconds
        summary.peakMemoryMB = Memory.peakMegabytes()
        summary.parameters = model.parameters.parameterCount
        summary.stoppedEarly = progress.stoppedEarly
        try AtomicFile.write(directory.summary, summary.json.text(pretty: true) + "\n")
        return summary
    }
}

