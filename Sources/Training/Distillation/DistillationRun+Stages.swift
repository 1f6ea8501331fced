import Checkpoints
import Configuration
import Datasets
import Distillation
import Foundation
import JSON
import Layers
import Reporting
import Tensors

// The stages of one arm: each a training run of its own over the student and the stage's adapters, one after the other
// in one folder.
extension DistillationRun {
    /// One stage of an arm.
    struct StagePlan {
        let teachers: [Teacher]
        let configuration: StageConfiguration
        let firstEpoch: Int
        let epochs: Int

        var title: String { teachers.isEmpty ? "no teacher" : teachers.map(\.name).joined(separator: " + ") }
    }

    /// The stages of an arm for an order.
    func plan(_ arm: Arm, order: [String]) -> [StagePlan] {
        let chain = order.compactMap { name in teachers.first { $0.name == name } }
        var first = 0
        return chain.indices.map { index in
            var configuration = configuration.stages.stage(for: chain[index].name)
            let epochs = max(1, Int(configuration.epochs.rounded()))
            let teachers: [Teacher]
            switch arm {
            case .none: teachers = []
            case .progressive: teachers = [chain[index]]
            case .ensemble: teachers = chain
            case .direct:
                teachers = [chain[chain.count - 1]]
                configuration = self.configuration.stages.stage(for: teachers[0].name)
            }
            defer { first += epochs }
            return StagePlan(teachers: teachers, configuration: configuration, firstEpoch: first, epochs: epochs)
        }
    }

    /// Runs an arm in a folder, from the state saved there when `resuming`.
    public func run(
        _ arm: Arm, _ report: OrderReport, seed: Int? = nil, in directory: RunDirectory, resuming: Bool
    ) throws -> DistillationSummary {
        let plan = plan(arm, order: report.order)
        if arms == 1 { try self.plan([arm], order: report.order) }
        var recipe = recipe
        recipe.run.seed = seed ?? recipe.run.seed
        var states = StateStore(directory: directory.state)
        var results: [StageResult] = []
        var current: TrainingRun?
        let header: [JSONValue.Member] = [
            .init("arm", .string(arm.rawValue)), .init("seed", .integer(recipe.run.seed)),
            .init("order", .array(report.order.map { .string($0) })), .init("teachers", report.manifest),
        ]
        if resuming, let saved = try states.load() {
            for warning in saved.warnings { console.warning(warning) }
            try checkConfiguration(directory.path)
            let info = saved.info["stage"] ?? .null
            try check(info, header, directory.path)
            guard let index = info["index"]?.integerValue, plan.indices.contains(index) else {
                throw CheckpointError(directory.state, "the saved state belongs to no stage of this run")
            }
            results = (info["results"]?.arrayValue ?? []).compactMap { StageResult($0) }
            guard results.count == index else {
                throw CheckpointError(
                    directory.state, "the saved state knows \(results.count) finished stages before stage \(index + 1)")
            }
            let stage = try makeStage(index, plan, recipe, after: nil, info: info)
            try stage.restore(saved, directory)
            try directory.recordProgram(resuming: true)
            current = stage
        } else {
            try AtomicFile.write(directory.config, configuration.resolvedYAML)
            try directory.recordProgram(resuming: false)
        }
        let log = try current?.log ?? MetricsLog(path: directory.metrics)
        let done = current.map { $0.place.updates + $0.progress.update } ?? 0
        let reporter = beginReport(arm, report, recipe, directory, resumingAfter: done)
        let first = results.count
        for _ in 0..<first { agenda.next() }
        for index in first..<plan.count {
            let stage: TrainingRun
            if let restored = current, index == first {
                stage = restored
            } else {
                var info: JSONValue = .object(header)
                info["index"] = .integer(index)
                info["results"] = .array(results.map(\.json))
                stage = try makeStage(index, plan, recipe, after: current, info: info)
                info["before"] = try before(index, results, stage)
                stage.info = info
                stage.log = log
            }
            stage.beforeUpdate = beforeUpdate
            stage.reporter = reporter
            stage.count(in: agenda)
            announce(index, plan, stage)
            try fillCaches(plan[index].teachers)
            try stage.train(directory, &states)
            current = stage
            agenda.next()
            results.append(try finish(index, plan, stage, directory))
            try writeStages(results, directory)
        }
        guard let last = current else { throw RecipeError("the order names no teacher") }
        for teacher in teachers { try teacher.checkUnchanged() }
        try last.writeWeights(directory)
        let summary = try summarise(arm, report, last, results, seed: recipe.run.seed)
        try AtomicFile.write(directory.summary, summary.json.text(pretty: true) + "\n")
        reporter?.finish()
        return summary
    }

    // MARK: One stage

    private func makeStage(
        _ index: Int, _ plan: [StagePlan], _ recipe: Recipe, after previous: TrainingRun?, info: JSONValue
    ) throws -> TrainingRun {
        let stage = plan[index]
        let configuration = stage.configuration
        var recipe = recipe
        recipe.training.epochs = stage.epochs
        let total = plan.reduce(0) { $0 + $1.epochs }
        let batches = try data.loader(data.splits.train, recipe: recipe, training: true).batchCount
        let scope = Scope(extending: model.parameters)
        let task = try DistillationTask(
            scope, model: model, classification: ClassificationTask(model: model, loss: recipe.loss, data: data),
            plan: data.plan, teachers: stage.teachers, configuration, firstUpdate: stage.firstEpoch * batches,
            updatesPerEpoch: batches)
        task.startClock()
        let console = console
        task.settled = { factor in
            console.notice(
                "the distillation losses are balanced by a factor of \(NumberText.scientific(factor, decimals: 2)) from now on"
            )
        }
        let seed = UInt64(recipe.run.seed)
        // Adapters of every stage are drawn anew, and not as those of the stage before.
        let store = ParameterStore<Float>(scope.list, seed: seed &+ UInt64(index + 1) &* 1_000_003)
        var notices: [String] = []
        if let previous {
            store.updatePrefix(from: previous.store.prefix(model.parameters))
        } else if self.configuration.student.start == .trained, let trained = trainedStudent {
            store.updatePrefix(from: trained.weights.store)
        } else {
            let start = ParameterStore<Float>(model.parameters, seed: seed)
            notices = try start.loadStart(recipe.model, model: model, classNames: data.classNames)
            store.updatePrefix(from: start)
        }
        if configuration.resetStatistics {
            for (i, buffer) in model.parameters.buffers.enumerated() {
                store.setBuffer(i, Tensor(buffer.shape, repeating: Float(buffer.initial)))
            }
        }
        if !configuration.resetAdapters, let previous { keepAdapters(of: previous.store, in: store) }
        var place = RunPlace(epochs: stage.firstEpoch, updates: stage.firstEpoch * batches, totalEpochs: total)
        if !configuration.restartSchedule {
            place.scheduleEpochs = total
            place.scheduleUpdates = place.updates
        }
        place.labels = [.init("stage", .integer(index + 1)), .init("teacher", .string(stage.title))]
        place.info = info
        let run = try TrainingRun(
            recipe, data: data, model: model, store: store, task: task, place: place, console: console, notices: notices
        )
        if let previous {
            run.progress.bestEpoch = previous.progress.bestEpoch
            run.progress.bestAccuracy = previous.progress.bestAccuracy
            run.progress.bestLoss = previous.progress.bestLoss
            if let best = previous.best {
                let copy = store.copy()
                copy.updatePrefix(from: best.prefix(model.parameters))
                run.best = copy
            }
            if !configuration.resetOptimizer { try keepMoments(of: previous, in: run) }
        }
        return run
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
    private func keepMoments(of old: TrainingRun, in new: TrainingRun) throws {
        var arrays: [String: [Float]] = [:]
        let before = Dictionary(old.step.optimizer.stateArrays.map { ($0.name, $0.storage) }) { first, _ in first }
        for (name, storage) in new.step.optimizer.stateArrays {
            var values = [Float](repeating: 0, count: storage.count)
            if let source = before[name] {
                for i in 0..<min(model.parameters.flatCount, storage.count, source.count) {
                    values[i] = source.pointer[i]
                }
            }
            arrays[name] = values
        }
        try new.step.optimizer.restore(stepCount: old.step.optimizer.stepCount, arrays: arrays)
    }

    private func announce(_ index: Int, _ plan: [StagePlan], _ stage: TrainingRun) {
        let adapters = stage.store.list.parameterCount - model.parameters.parameterCount
        console.line(
            "\(agenda.heading) \(plan[index].title), \(plan[index].epochs) epoch\(plan[index].epochs == 1 ? "" : "s"), "
                + "\(NumberText.grouped(adapters)) parameters of adapters")
    }

    // MARK: Results

    private func before(_ index: Int, _ results: [StageResult], _ stage: TrainingRun) throws -> JSONValue {
        if let last = results.last { return last.accuracyAfter.map { .number($0) } ?? .null }
        guard let loader = stage.resultPart?.loader else { return .null }
        return .number(try evaluate(model, stage.store, loader).accuracy)
    }

    private func finish(
        _ index: Int, _ plan: [StagePlan], _ stage: TrainingRun, _ directory: RunDirectory
    ) throws -> StageResult {
        try stage.writeWeights(stage.store, directory.stageWeights(index + 1))
        let part = stage.resultPart
        let after = try part.map { try stage.measure(stage.store, $0.loader, $0.kind.rawValue) }
        stage.reportResult()
        let task = stage.step.task as? DistillationTask
        return StageResult(
            stage: index + 1, teachers: plan[index].teachers.map(\.name), epochs: stage.progress.epoch,
            part: part?.kind, accuracyBefore: stage.info["before"]?.doubleValue, accuracyAfter: after?.accuracy,
            seconds: stage.progress.seconds, teacherSeconds: task?.teacherSeconds ?? 0,
            teacherMegabytes: plan[index].teachers.reduce(0) { $0 + $1.megabytes },
            updates: stage.progress.update, images: stage.progress.imagesTrained,
            trainingSeconds: stage.progress.trainingSeconds)
    }

    private func writeStages(_ results: [StageResult], _ directory: RunDirectory) throws {
        try AtomicFile.write(directory.stages, JSONValue.array(results.map(\.json)).text(pretty: true) + "\n")
    }

    private func summarise(
        _ arm: Arm, _ report: OrderReport, _ last: TrainingRun, _ results: [StageResult], seed: Int
    ) throws -> DistillationSummary {
        var summary = try last.summarise()
        summary.epochs = results.reduce(0) { $0 + $1.epochs }
        summary.updates = results.reduce(0) { $0 + $1.updates }
        summary.seconds = results.reduce(0) { $0 + $1.seconds }
        summary.imagesPerSecond =
            Double(results.reduce(0) { $0 + $1.images }) / max(1e-9, results.reduce(0) { $0 + $1.trainingSeconds })
        let loader = try data.loader(data.splits.train, recipe: last.recipe, training: false)
        let train = try evaluate(model, last.store, loader)
        return DistillationSummary(
            arm: arm, seed: seed, order: report.order, summary: summary, trainLoss: train.loss,
            trainAccuracy: train.accuracy, stages: results)
    }
}
