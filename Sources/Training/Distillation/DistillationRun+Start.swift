import Distillation
import Distributed
import JSON
import Layers
import Optim
import Reporting
import Tasks
import Tensors

// What a stage starts from: the values of the stage before or of the student, and fresh adapters.
extension DistillationRun {
    /// The stage that comes next.
    /// - Parameters:
    ///   - previous: the stage before, nil for the first one and for one that is restored.
    ///   - info: what was saved with the state of a stage that is restored.
    func makeStage(
        _ run: ArmRun, after previous: Stage?, _ progress: ArmProgress, info saved: JSONValue? = nil
    ) throws -> Stage {
        let (stage, index) = (progress.stage(of: run.plan), progress.position)
        if ranks.size > 1, stage.configuration.balance != .off, !stage.teachers.isEmpty {
            throw RecipeError(
                "stage.balance is \(stage.configuration.balance.rawValue), which is measured on whole batches; found "
                    + "\(ranks.size) processes that share them, expected none, or one process")
        }
        var recipe = run.recipe
        recipe.training.epochs = stage.epochs
        let total = run.plan.reduce(0) { $0 + $1.epochs }
        let batches = try data.loader(
            data.splits.train, task.collator(training: true), recipe, training: true
        ).batchCount
        let scope = Scope(extending: model.parameters)
        let distilled = try DistilledTask(
            scope, base: task, model: model, height: data.plan.height, width: data.plan.width,
            teachers: stage.teachers, stage.configuration,
            place: .init(firstUpdate: stage.firstEpoch * batches, updatesPerEpoch: batches)
        ) { [console, text = stageText(stage)] in console.notice(text($0)) }
        let seed = UInt64(recipe.run.seed)
        // Adapters of every stage are drawn anew, and not as those of the stage before.
        let store = ParameterStore<Float>(scope.list, seed: seed &+ UInt64(index + 1) &* 1_000_003)
        let notices = try fill(store, stage.configuration, recipe, after: previous)
        // A stage that is restored has its values already.
        if progress.results.isEmpty, saved == nil {
            for notice in inherit(from: stage.teachers, into: store) { console.notice(notice) }
        }
        var place = RunPlace(epochs: stage.firstEpoch, updates: stage.firstEpoch * batches, totalEpochs: total)
        if !stage.configuration.restartSchedule {
            place.scheduleEpochs = total
            place.scheduleUpdates = place.updates
        }
        // What the last stage does not use would be lost.
        if index < run.plan.count - 1 { place.patience = stage.configuration.length.patience }
        place.labels = [
            .init("stage", .integer(progress.results.count + 1)), .init("teacher", .string(stage.title)),
        ]
        place.info = try saved ?? info(run, progress, store)
        let best = previous.map { $0.best.moved(to: store, model: model.parameters) }
        let made = try Stage(
            recipe, data: data, model: model, store: store, task: distilled, place: place, output: run.output,
            notices: notices, best: best)
        if let previous, !stage.configuration.resetOptimizer {
            try keepMoments(of: previous.step.state.optimizer, in: made.step.state.optimizer)
        }
        return made
    }

    /// What a user is told of findings in a stage.
    private func stageText(_ stage: StagePlan) -> (DistilledTask<C.Task>.Finding) -> String {
        let losses = stage.configuration.losses
        let own = configuration.stages.byTeacher[stage.title] != nil
        return { finding in
            switch finding {
            case .balanced(let factor):
                return
                    "the distillation losses are balanced by a factor of \(NumberText.scientific(factor, decimals: 2)) from now on"
            case .large(let index, let times):
                let key = "losses[\(index)].weight"
                let place = own ? "\(key) of \(stage.title) in stages" : "stage.\(key)"
                return
                    "\(losses[index].kind.rawValue) was \(NumberText.fixed(times, decimals: 1)) times as large as the task's own loss "
                    + "in the first epoch with \(stage.title), so that the labels hardly count; a smaller \(place) "
                    + "(now \(losses[index].weight)) gives them more"
            }
        }
    }

    /// What is saved with every state of a stage.
    private func info(
        _ run: ArmRun, _ progress: ArmProgress, _ store: ParameterStore<Float>
    ) throws -> JSONValue {
        .object(
            run.header + progress.members
                + [.init("before", try before(progress.results, store, run.recipe))])
    }

    /// The metric that decides, before the stage.
    private func before(
        _ results: [StageResult], _ store: ParameterStore<Float>, _ recipe: Recipe
    ) throws -> JSONValue {
        if let last = results.last { return .optional(last.after) }
        guard let part = data.splits.test ?? data.splits.validation else { return .null }
        let loader = try data.loader(part, task.collator(training: false), recipe, training: false)
        return .number(try task.evaluate(model, store, loader).scores.primary)
    }

    /// Gives the student's part of the store the values to start from.
    /// - Returns: what a user should know, one sentence each.
    private func fill(
        _ store: ParameterStore<Float>, _ configuration: StageConfiguration, _ recipe: Recipe, after previous: Stage?
    ) throws -> [String] {
        var notices: [String] = []
        // What an optimizer has averaged, unless it goes on from where it is.
        let before = configuration.resetOptimizer ? previous?.measured : previous?.store
        if let before {
            store.updatePrefix(from: before.prefix(model.parameters))
        } else if self.configuration.student.start == .trained, let trained = trainedStudent {
            store.updatePrefix(from: trained.weights.store)
        } else {
            let start = ParameterStore<Float>(model.parameters, seed: UInt64(recipe.run.seed))
            notices = try start.loadStart(recipe.model, model: model, classNames: data.classNames)
            store.updatePrefix(from: start)
        }
        if configuration.resetStatistics {
            for (i, buffer) in model.parameters.buffers.enumerated() {
                store.setBuffer(i, Tensor(buffer.shape, repeating: Float(buffer.initial)))
            }
        }
        if !configuration.resetAdapters, let before { keepAdapters(of: before, in: store) }
        return notices
    }

    /// Takes over adapters of the same name and shape.
    private func keepAdapters(of old: ParameterStore<Float>, in new: ParameterStore<Float>) {
        for entry in new.list.entries.dropFirst(model.parameters.entries.count) {
            guard let same = old.list.entries.first(where: { $0.name == entry.name && $0.shape == entry.shape }) else {
                continue
            }
            (new.flat.pointer + entry.offset).update(
                from: old.flat.pointer + same.offset, count: entry.shape.elementCount)
        }
    }

    /// Takes over the optimizer's moments of the student's parameters.
    private func keepMoments(of old: any Optimizer<Float>, in new: any Optimizer<Float>) throws {
        var arrays: [String: [Float]] = [:]
        let before = Dictionary(old.stateArrays.map { ($0.name, $0.storage) }) { first, _ in first }
        for (name, storage) in new.stateArrays {
            var values = [Float](repeating: 0, count: storage.count)
            if let source = before[name] {
                for i in 0..<min(model.parameters.flatCount, storage.count, source.count) {
                    values[i] = source.pointer[i]
                }
            }
            arrays[name] = values
        }
        let numbers = Dictionary(old.stateNumbers.map { ($0.name, $0.value) }) { first, _ in first }
        try new.restore(stepCount: old.stepCount, arrays: arrays, numbers: numbers)
    }
}
