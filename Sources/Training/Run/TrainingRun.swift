// Run: one run of a recipe: steps, epochs, states saved and resumed, and its result.

import Checkpoints
import Datasets
import Distributed
import JSON
import Layers
import Models
import Optim
import Reporting
import RunLayout
import Tasks
import Tensors

/// One run of a recipe: trains, validates after each epoch, saves, and measures the result at the end.
package final class TrainingRun<Task: LearningTask> {
    package let recipe: Recipe
    package let data: PreparedData<Task.Annotation>
    package var model: any FeatureModel { step.model }
    /// What was decided for the user, one sentence each.
    package let notices: [String]
    let step: TrainingStep<Task>
    let schedule: Schedule
    let loaders: RunLoaders<Task>
    let place: RunPlace
    let output: RunOutput
    /// The processes that the work is shared with. Rank 0 alone reads and writes the run's folder and speaks.
    let ranks = ProcessGroup.current
    var progress = RunProgress()
    var best: BestWeights
    /// What was last measured on the part that results are of.
    var lastFindings: Task.Measure.Findings?

    /// Called before each update with its index; a test throws here to stand for a crash.
    package var beforeUpdate: ((Int) throws -> Void)? {
        get { output.beforeUpdate }
        set { output.beforeUpdate = newValue }
    }

    var store: ParameterStore<Float> { step.state.store }
    /// What is measured and kept of it.
    var measured: ParameterStore<Float> { step.state.measured }
    var console: Console { output.console }
    /// Updates of this run and of the stages before.
    var updates: Int { place.updates + progress.update }

    /// Builds the model, the optimizer and the loaders. Nothing is written, so whatever is wrong with a recipe is found
    /// before an earlier run's files are touched.
    /// - Throws: one sentence that names the file or key at fault.
    package convenience init(
        _ recipe: Recipe, data: PreparedData<Task.Annotation>, task: Task, console: Console, agenda: Agenda? = nil
    ) throws {
        try self.init(recipe, data: data, task: task, console: console, agenda: agenda, limit: nil)
    }

    /// The same of a run that pauses before its end.
    convenience init(
        _ recipe: Recipe, data: PreparedData<Task.Annotation>, task: Task, console: Console, agenda: Agenda?,
        limit: RunLimit?
    ) throws {
        let (height, width) = (data.plan.height, data.plan.width)
        let model = try data.specification.makeModel(height: height, width: width)
        let tight = try MemoryEstimate(
            recipe, model: model, trace: try model.trace(height: height, width: width), data: data
        ).check(recipe)
        let store = ParameterStore<Float>(model.parameters, seed: UInt64(recipe.run.seed))
        let loaded = try store.loadStart(recipe.model, model: model, classNames: data.classNames)
        try self.init(
            recipe, data: data, model: model, store: store, task: task, place: RunPlace(limit: limit),
            output: RunOutput(console, agenda: agenda), notices: loaded + [tight].compactMap { $0 })
    }

    /// A run of its own, or a stage of a longer one.
    /// - Parameters:
    ///   - store: the values; what it holds beyond the model's parameters, such as adapters, is trained and saved in the
    ///     state, but in no weights file.
    ///   - best: the best weights of the stages before.
    init(
        _ recipe: Recipe, data: PreparedData<Task.Annotation>, model: any FeatureModel, store: ParameterStore<Float>,
        task: Task, place: RunPlace, output: RunOutput, notices loaded: [String] = [], best: BestWeights? = nil
    ) throws {
        require(!task.metrics.isEmpty, "TrainingRun", "a task needs a metric, the first of which decides")
        self.recipe = recipe
        self.data = data
        self.place = place
        self.output = output
        self.best = best ?? BestWeights(task.metrics[0])
        loaders = try RunLoaders(recipe, data, task, after: place.epochs, ranks: ranks)
        let made = Schedule.make(
            recipe.schedule, learningRate: recipe.optimizer.learningRate,
            epochs: place.scheduleEpochs ?? recipe.training.epochs, updatesPerEpoch: loaders.train.batchCount)
        // A stage's kernels have been told of at the start.
        let unsettled =
            place.epochs > 0
            ? nil : RunChecks.unsettled(recipe, epochs: place.totalEpochs ?? recipe.training.epochs)
        notices =
            data.notices + loaded + RunChecks.notices(recipe, data.splits)
            + [unsettled, made.notice].compactMap { $0 }
        schedule = made.schedule
        try RunChecks.plateau(recipe, validates: loaders.validation != nil)
        try store.freeze(recipe.optimizer.freeze)
        step = try TrainingStep(
            task: task, model: model,
            state: TrainedState(
                store, recipe.optimizer, data.specification, epochs: recipe.training.epochs,
                updatesPerEpoch: loaders.train.batchCount),
            options: StepOptions(recipe, updatesPerEpoch: loaders.train.batchCount), ranks: ranks)
        try RunChecks.batchNorm(recipe.training, count: data.splits.train.count, data.plan, model, store)
    }

    /// Trains to the end and writes the results into the folder, from the state saved there when `resuming`.
    /// - Parameters:
    ///   - directory: nil on ranks other than 0.
    ///   - forced: whether a run goes on even though its configuration has changed.
    package func run(in directory: RunDirectory?, resuming: Bool, forced: Bool = false) throws -> Summary {
        require(directory != nil || !ranks.isRoot, "TrainingRun.run", "whoever writes needs a folder")
        var states = StateStore(directory: directory?.state ?? "")
        let threads = ThreadPool.use(recipe.training)
        for notice in notices + [threads].compactMap({ $0 }) { console.notice(notice) }
        try checkAlike()
        var isResumed = false
        if resuming { isResumed = try resume(directory, &states, forced: forced) }
        if !isResumed {
            if resuming {
                console.notice(
                    "nothing was saved in \(directory?.path ?? "") yet, so the run starts from the beginning")
            }
            try writing(to: directory) {
                try AtomicFile.write($0.config, recipe.resolvedYAML)
                try $0.recordProgram(resuming: false)
                output.log = try MetricsLog(path: $0.metrics)
            }
        }
        try writing(to: directory) {
            try RunChecks.room($0, for: step.state, recipe.training, validates: loaders.validation != nil)
            beginReport($0)
        }
        try train(directory, &states)
        console.finish()
        try writeWeights(directory)
        let summary = try summarize()
        try writing(to: directory) { try AtomicFile.write($0.summary, summary.json.text(pretty: true) + "\n") }
        reportResult()
        output.reporter?.finish()
        return summary
    }

    /// Trains the epochs that are left; the log must be open.
    func train(_ directory: RunDirectory?, _ states: inout StateStore) throws {
        var saver = PeriodicSave(recipe.training)
        output.postMortem = directory?.postMortem
        output.stopFile = ranks.size > 1 ? directory.map { StopFile(in: $0.path) } : nil
        while progress.epoch < recipe.training.epochs, progress.stoppedEarly == nil {
            let end = try trainEpoch(&states, &saver)
            try endEpoch(end)
            try keepWeights(directory)
            try save(&states)
            saver.hasSaved()
            try writeWeights(directory)
            try stopIfAsked(agreedSignal())
            try pauseIfDue()
        }
        console.finish()
    }

    /// Writes the weights as they are now.
    func writeWeights(_ directory: RunDirectory?) throws {
        try writing(to: directory) {
            try weights.write(step.state, best, settings: progress.lastSettings, in: $0)
        }
    }

    /// Keeps the weights of an epoch that was asked for: before the state is saved, or they would be missing after a crash
    /// in between.
    private func keepWeights(_ directory: RunDirectory?) throws {
        let (epoch, every) = (place.epochs + progress.epoch, recipe.training.keepEveryEpochs)
        guard every > 0, epoch % every == 0, RunChecks.notFinite(store) == nil else { return }
        try writing(to: directory) { try weights.write(measured, progress.lastSettings, $0.epochWeights(epoch)) }
    }

    /// Does what changes the folder where there is one: on rank 0. Where it fails, all ranks throw.
    func writing(to directory: RunDirectory?, _ body: (RunDirectory) throws -> Void) throws {
        try ranks.writing { if let directory { try body(directory) } }
    }

    // MARK: Saving

    /// What of a run is saved and found again.
    private func state() throws -> RunState {
        RunState(
            trained: step.state,
            fingerprint: try DataFingerprint(
                counts: (data.splits.train.count, data.splits.validation?.count, data.splits.test?.count),
                weights.metadata,
                dataPath: recipe.data.path))
    }

    /// Waits for the metrics to be on the disk, then saves what a resumed run needs.
    /// - Throws: `NonFiniteError` rather than replacing a good state by one that cannot go on.
    func save(_ states: inout StateStore) throws {
        if let bad = RunChecks.notFinite(store) {
            throw examined(NonFiniteError(update: updates - 1, parameter: bad), nil, 0)
        }
        if ranks.size > 1 { try ranks.agree("the parameters after update \(updates)", store.sha256) }
        try ranks.writing {
            try output.log?.synchronize()
            try state().save(
                progress, best, log: output.log, task: step.task.state, stage: place.info, in: &states)
        }
    }

    /// Refuses what `run(in:resuming:)` would refuse about a saved state, and changes nothing.
    /// - Parameter forced: whether a changed configuration is no reason to refuse.
    /// - Returns: what is changed all the same, one sentence, nil where nothing was changed or saved.
    package func checkResumption(in path: String, forced: Bool) throws -> String? {
        var states = StateStore(directory: path + "/" + RunFiles.state)
        guard let saved = try states.load() else { return nil }
        let difference = try ResumptionCheck.check(recipe, path, forced: forced)
        try state().fingerprint.check(saved.info["data"], path: path)
        return difference
    }

    /// Continues from the newest saved state.
    /// - Returns: false when nothing was saved yet.
    private func resume(_ directory: RunDirectory?, _ states: inout StateStore, forced: Bool) throws -> Bool {
        guard let saved = try states.load(with: ranks) else { return false }
        for warning in saved.warnings { console.warning(warning) }
        let difference = try ranks.sentence {
            try directory.flatMap { try ResumptionCheck.check(recipe, $0.path, forced: forced) }
        }
        if let difference { console.warning("\(difference); going on all the same, as --force says") }
        try restore(saved, directory)
        try writing(to: directory) {
            // What the run goes on with, a longer training or a forced change, holds from now on.
            try AtomicFile.write($0.config, recipe.resolvedYAML)
            try $0.recordProgram(resuming: true)
        }
        return true
    }

    /// Takes over a saved state and opens the log where it was then.
    func restore(_ saved: SavedState, _ directory: RunDirectory?) throws {
        let path = directory?.path ?? saved.folder
        let restored = try ranks.together {
            try state().restore(saved, in: directory, metric: step.task.metrics[0]) {
                try RunChecks.batches($0, loaders.train.batchCount, recipe.training, path: path)
            }
        }
        (progress, best, output.log) = (restored.progress, restored.best, restored.log)
        step.task.restore(restored.task)
        for warning in restored.warnings { console.warning(warning) }
        let position = progress.position(before: place.epochs, of: recipe.training.epochs)
        console.notice("continuing \(path) after update \(updates) (\(position))")
    }
}
