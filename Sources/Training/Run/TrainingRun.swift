import Checkpoints
import Datasets
import JSON
import Layers
import Models
import Optim
import Reporting
import Tensors

/// One run of a recipe: trains, validates after each epoch, saves, and measures the test set at the end.
public final class TrainingRun {
    public let recipe: Recipe
    public let data: PreparedData
    public let model: any FeatureModel
    /// What was decided for the user, one sentence each.
    public let notices: [String]
    let console: Console
    let store: ParameterStore<Float>
    let step: TrainingStep
    let schedule: Schedule
    let trainLoader: BatchLoader
    let validationLoader: BatchLoader?
    /// `nil` where the data has no test part; results are then of the validation part.
    let testLoader: BatchLoader?
    let metadata: WeightsMetadata
    let place: RunPlace
    /// Saved with the state.
    var info: JSONValue
    var progress = RunProgress()
    var best: ParameterStore<Float>?
    var log: MetricsLog?
    var reporter: RunReporter?
    /// What was last measured on the part that results are of.
    var lastResult: EvaluationResult?
    var lastSave = MonotonicClock.seconds()
    /// Where what is known of a number that is not finite goes.
    var postMortemPath: String?

    /// Whether it was said that the loader has fewer threads than it should.
    var hasToldMissingThreads = false
    /// What stands before its lines and how long all runs will take, where it is one of several.
    var heading: String?
    var totalTimeLeft: ((_ timeLeft: Double, _ share: Double) -> Double?)?

    /// Called before each update with its index; a test throws here to stand for a crash.
    package var beforeUpdate: ((Int) throws -> Void)?

    /// Builds the model, the optimizer and the loaders. Nothing is written, so whatever is wrong with a recipe is found
    /// before an earlier run's files are touched.
    /// - Parameter task: what is minimised; by default cross-entropy, as the recipe says.
    /// - Throws: one sentence that names the file or key at fault.
    public convenience init(
        _ recipe: Recipe, data: PreparedData, task: (any TrainingTask)? = nil, console: Console
    ) throws {
        let threads = ThreadPool.use(recipe.training)
        let (height, width) = (data.plan.height, data.plan.width)
        let model = try data.specification.makeModel(height: height, width: width)
        let tight = try MemoryEstimate(
            recipe, model: model, trace: try model.trace(height: height, width: width), data: data
        ).check(recipe)
        let store = ParameterStore<Float>(model.parameters, seed: UInt64(recipe.run.seed))
        let loaded = try store.loadStart(recipe.model, model: model, classNames: data.classNames)
        try self.init(
            recipe, data: data, model: model, store: store,
            task: task ?? ClassificationTask(model: model, loss: recipe.loss, data: data),
            place: RunPlace(), console: console, notices: loaded + [threads, tight].compactMap { $0 })
    }

    /// A run of its own, or a stage of a longer one.
    /// - Parameter store: the values; what it holds beyond the model's parameters, such as adapters, is trained and
    ///   saved in the state, but in no weights file.
    init(
        _ recipe: Recipe, data: PreparedData, model: any FeatureModel, store: ParameterStore<Float>,
        task: any TrainingTask, place: RunPlace, console: Console, notices loaded: [String] = []
    ) throws {
        self.recipe = recipe
        self.data = data
        self.model = model
        self.store = store
        self.place = place
        info = place.info
        self.console = console
        let seed = UInt64(recipe.run.seed)
        trainLoader = try data.loader(data.splits.train, recipe: recipe, training: true)
        validationLoader = try data.splits.validation.map { try data.loader($0, recipe: recipe, training: false) }
        testLoader = try data.splits.test.map { try data.loader($0, recipe: recipe, training: false) }
        guard trainLoader.batchCount > 0 else { throw RecipeError("\(recipe.data.path): there are no training images") }
        let made = Schedule.make(
            recipe.schedule, learningRate: recipe.optimizer.learningRate,
            epochs: place.scheduleEpochs ?? recipe.training.epochs,
            updatesPerEpoch: trainLoader.batchCount)
        schedule = made.schedule
        notices = data.notices + loaded + Self.notices(recipe, data) + (made.notice.map { [$0] } ?? [])
        try store.freeze(recipe.optimizer.freeze)
        var average: ExponentialMovingAverage<Float>?
        if let ema = recipe.optimizer.ema {
            average = ExponentialMovingAverage(store, decay: ema.decay, warmup: ema.warmup)
        }
        step = TrainingStep(
            task: task, store: store,
            optimizer: recipe.optimizer.makeOptimizer(
                Float.self,
                groups: ParameterGroups(
                    store.list, weightDecay: recipe.optimizer.weightDecay, isTrainable: store.isTrainable,
                    learningRateMultipliers: data.specification.learningRateMultipliers(
                        store.list, decay: recipe.optimizer.layerDecay))),
            average: average, clipNorm: recipe.optimizer.clipNorm, seed: seed,
            precision: recipe.training.precision.products, partSize: recipe.training.partSize,
            checkpointing: recipe.training.checkpointing)
        metadata = WeightsMetadata(
            specification: data.specification, classNames: data.classNames, transform: data.plan)
        try checkBatchNorm()
    }

    /// Trains to the end and writes the results into the folder, from the state saved there when `resuming`.
    /// - Parameter forced: whether a run goes on even though its configuration has changed.
    public func run(in directory: RunDirectory, resuming: Bool, forced: Bool = false) throws -> Summary {
        var states = StateStore(directory: directory.state)
        for notice in notices { console.notice(notice) }
        var isResumed = false
        if resuming { isResumed = try resume(directory, &states, forced: forced) }
        if !isResumed {
            if resuming {
                console.notice("nothing was saved in \(directory.path) yet, so the run starts from the beginning")
            }
            try AtomicFile.write(directory.config, recipe.resolvedYAML)
            try directory.recordProgram(resuming: false)
            log = try MetricsLog(path: directory.metrics)
        }
        try checkRoom(directory)
        beginReport(directory)
        try train(directory, &states)
        return try finish(directory)
    }

    /// Trains the epochs that are left; the log must be open.
    func train(_ directory: RunDirectory, _ states: inout StateStore) throws {
        lastSave = MonotonicClock.seconds()
        postMortemPath = directory.postMortem
        while progress.epoch < recipe.training.epochs, progress.stoppedEarly == nil {
            let end = try trainEpoch(&states)
            try endEpoch(end)
            try save(&states)
            try writeWeights(directory)
            try stopIfAsked()
        }
        console.finish()
    }

    /// Everything must be saved.
    func stopIfAsked() throws {
        if let signal = StopRequest.pending {
            throw Interrupted(signal: signal, updates: place.updates + progress.update)
        }
    }

    /// Waits for the metrics to be on the disk, then saves what a resumed run needs.
    /// - Throws: `NonFiniteError` rather than replacing a good state by one that cannot go on.
    func save(_ states: inout StateStore) throws {
        let bad =
            store.list.entries.enumerated().first { !store.tensor($0.offset).isFinite }?.element.name
            ?? zip(store.list.buffers, store.buffers).first { !$1.isFinite }?.0.name
        if let bad {
            throw examined(NonFiniteError(update: place.updates + progress.update - 1, parameter: bad), nil, 0)
        }
        try log?.synchronize()
        try saveState(&states)
        lastSave = MonotonicClock.seconds()
    }

    func saveIfDue(_ now: Double, _ states: inout StateStore) throws {
        let updates = recipe.training.saveEveryUpdates
        let minutes = recipe.training.saveEveryMinutes
        guard (updates > 0 && progress.update % updates == 0) || (minutes > 0 && now - lastSave > minutes * 60) else {
            return
        }
        try save(&states)
    }

    func writeWeights(_ directory: RunDirectory) throws {
        try writeWeights(store, directory.lastWeights)
        try writeWeights(best ?? store, directory.bestWeights)
        if let average = step.average { try writeWeights(average.store, directory.averageWeights) }
    }

    /// Writes what belongs to the model, and no adapters.
    func writeWeights(_ store: ParameterStore<Float>, _ path: String) throws {
        try Weights.file(store.prefix(model.parameters), metadata).write(path: path)
    }

    /// The part that results are of, `nil` where nothing but training images is there.
    var resultPart: (kind: ResultPart, loader: BatchLoader, dataset: any ImageDataset)? {
        if let testLoader, let test = data.splits.test { return (.test, testLoader, test) }
        if let validationLoader, let part = data.splits.validation { return (.validation, validationLoader, part) }
        return nil
    }

    /// Measures the test set, once, and writes the summary.
    private func finish(_ directory: RunDirectory) throws -> Summary {
        console.finish()
        try writeWeights(directory)
        let summary = try summarise()
        try AtomicFile.write(directory.summary, summary.json.text(pretty: true) + "\n")
        reportResult()
        reporter?.finish()
        return summary
    }

    /// Measures the test set, or where there is none the validation part.
    func summarise() throws -> Summary {
        let begin = MonotonicClock.seconds()
        var summary = Summary()
        summary.lastValidationAccuracy = progress.lastValidationAccuracy
        summary.lastValidationLoss = progress.lastValidationLoss
        if let (kind, loader, _) = resultPart {
            let last = try measure(store, loader, kind.rawValue)
            let average = try step.average.map { try evaluate(model, $0.store, loader).accuracy }
            switch kind {
            case .test:
                summary.testAccuracy = last.accuracy
                summary.testLoss = last.loss
                summary.bestTestAccuracy = try best.map { try evaluate(model, $0, loader).accuracy } ?? last.accuracy
                summary.emaTestAccuracy = average
            case .validation:
                summary.lastValidationAccuracy = last.accuracy
                summary.lastValidationLoss = last.loss
                summary.emaValidationAccuracy = average
            }
        }
        progress.evaluationSeconds += MonotonicClock.seconds() - begin
        summary.bestEpoch = validationLoader == nil ? place.epochs + progress.epoch : progress.bestEpoch
        summary.bestValidationAccuracy = progress.bestAccuracy
        summary.epochs = progress.epoch
        summary.updates = progress.update
        summary.imagesPerSecond = Double(progress.imagesTrained) / max(progress.trainingSeconds, 1e-9)
        summary.seconds = progress.seconds
        summary.peakMemoryMB = Memory.peakMegabytes()
        summary.parameters = model.parameters.parameterCount
        summary.stoppedEarly = progress.stoppedEarly
        return summary
    }
}

/// Where a stage stands in a longer run; a run of its own stands at the beginning.
struct RunPlace {
    /// Epochs and updates of the stages before.
    var epochs = 0
    var updates = 0
    /// Epochs of all stages together; the run's own when absent.
    var totalEpochs: Int?
    /// Epochs of the learning rate's schedule, and updates of it that lie behind; the run's own when absent.
    var scheduleEpochs: Int?
    var scheduleUpdates = 0
    /// What each line of the log begins with.
    var labels: [JSONValue.Member] = []
    /// Saved with the state.
    var info: JSONValue = .null
}

extension ThreadPool {
    /// Takes over the threads that a configuration asks for, or those that an option gives instead.
    /// - Returns: one sentence where the system grants fewer.
    @discardableResult
    public static func use(_ training: TrainingSection, threads: Int? = nil) -> String? {
        let asked = threads ?? training.threads
        let wanted = asked > 0 ? asked : processorCount
        shared.threads = wanted
        let found = shared.threads
        guard found < wanted else { return nil }
        return
            "The system grants \(found) of the \(wanted) threads that training.threads asks for (a limit of processes, "
            + "such as ulimit -u or a container's), so \(found) \(found == 1 ? "works" : "work")."
    }
}
