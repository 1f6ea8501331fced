import Checkpoints
import Distillation
import Distributed
import JSON
import Layers
import Reporting
import RunLayout
import Tasks
import Tensors

// The stages of one arm: each a training run of its own over the student and the stage's adapters, one after the other
// in one folder.
extension DistillationRun {
    /// The processes that the work is shared with. Rank 0 alone reads and writes the run's folders and speaks.
    var ranks: ProcessGroup { .current }

    /// One stage's training.
    typealias Stage = TrainingRun<DistilledTask<C.Task>>

    /// The stages of an arm for an order.
    func plan(_ arm: Arm, order: [String]) -> [StagePlan] {
        StagePlan.stages(
            arm, chain: order.compactMap { name in teachers.first { $0.name == name } }, configuration.stages)
    }

    /// What all stages of an arm share.
    struct ArmRun {
        let arm: Arm
        let plan: [StagePlan]
        /// The student's, with the arm's seed.
        let recipe: Recipe
        let output: RunOutput
        /// What must be as it was when the run goes on, saved with every state.
        let header: [JSONValue.Member]
    }

    /// Runs an arm in a folder, from the state saved there when `resuming`.
    /// - Parameter directory: nil on ranks other than 0.
    package func run(
        _ arm: Arm, _ report: OrderReport, seed: Int? = nil, in directory: RunDirectory?, resuming: Bool
    ) throws -> DistillationSummary {
        if options.arms == 1 { try self.plan([arm], order: report.order) }
        var recipe = recipe
        recipe.run.seed = seed ?? recipe.run.seed
        let run = ArmRun(
            arm: arm, plan: plan(arm, order: report.order), recipe: recipe,
            output: RunOutput(console, agenda: agenda),
            header: [
                .init("arm", .string(arm.rawValue)), .init("seed", .integer(recipe.run.seed)),
                .init("order", .array(report.order.map { .string($0) })), .init("teachers", report.manifest),
            ])
        var states = StateStore(directory: directory?.state ?? "")
        var progress = ArmProgress()
        var current: Stage?
        if resuming, let saved = try states.load(with: ranks) {
            (current, progress) = try restore(run, saved, directory)
        } else {
            try writing(to: directory) {
                try AtomicFile.write($0.config, configuration.resolvedYAML)
                try $0.recordProgram(resuming: false)
                run.output.log = try MetricsLog(path: $0.metrics)
            }
        }
        run.output.reporter = directory.flatMap {
            beginReport(arm, report, recipe, $0, resumingAfter: current?.updates ?? 0)
        }
        var restored = current
        for _ in 0..<progress.position { agenda.next() }
        while progress.position < run.plan.count {
            if restored == nil { try review(run, after: current, &progress) }
            let plan = progress.stage(of: run.plan)
            let stage = try restored ?? makeStage(run, after: current, progress)
            restored = nil
            stage.beforeUpdate = options.beforeUpdate
            announce(plan, stage)
            try fillCaches(plan.teachers, task, answers: plan.configuration.needsAnswers)
            try stage.checkAlike()
            try stage.train(directory, &states)
            current = stage
            agenda.next()
            progress.results.append(try finish(plan, progress, stage, directory))
            try writing(to: directory) {
                try AtomicFile.write(
                    $0.stages, JSONValue.array(progress.results.map(\.json)).text(pretty: true) + "\n")
            }
        }
        guard let last = current else { throw RecipeError("the order names no teacher") }
        for teacher in teachers { try teacher.checkUnchanged() }
        try last.writeWeights(directory)
        var summary = try summarize(arm, report, last, progress.results)
        summary.orderSeconds = report.seconds.map { $0 + progress.reviewSeconds }
        try writing(to: directory) { try AtomicFile.write($0.summary, summary.json.text(pretty: true) + "\n") }
        run.output.reporter?.finish()
        return summary
    }

    /// Does what changes the folder where there is one: on rank 0. Where it fails, all ranks throw.
    func writing(to directory: RunDirectory?, _ body: (RunDirectory) throws -> Void) throws {
        try ranks.writing { if let directory { try body(directory) } }
    }

    /// The stage that was under way, as it was saved, and the results of those before it.
    private func restore(
        _ run: ArmRun, _ saved: SavedState, _ directory: RunDirectory?
    ) throws -> (stage: Stage, progress: ArmProgress) {
        for warning in saved.warnings { console.warning(warning) }
        try writing(to: directory) {
            try FinishedDistillation.checkConfiguration(configuration, $0.path, forced: options.isForced)
        }
        let info = saved.info["stage"] ?? .null
        try FinishedDistillation.check(info, run.header, directory?.path ?? saved.folder)
        guard let progress = ArmProgress(info, stages: run.plan.count) else {
            throw CheckpointError(directory?.state ?? saved.folder, "the saved state belongs to no stage of this run")
        }
        let stage = try makeStage(run, after: nil, progress, info: info)
        try stage.restore(saved, directory)
        try writing(to: directory) { try $0.recordProgram(resuming: true) }
        return (stage, progress)
    }

    private func announce(_ plan: StagePlan, _ stage: Stage) {
        let adapters = stage.store.list.parameterCount - model.parameters.parameterCount
        console.line(
            "\(agenda.heading) \(plan.title), \(plan.epochs) epoch\(plan.epochs == 1 ? "" : "s"), "
                + "\(NumberText.grouped(adapters)) parameters of adapters")
    }

    // MARK: Results

    private func finish(
        _ plan: StagePlan, _ progress: ArmProgress, _ stage: Stage, _ directory: RunDirectory?
    ) throws -> StageResult {
        let number = progress.results.count + 1
        try writing(to: directory) {
            try stage.weights.write(stage.measured, stage.progress.lastSettings, $0.stageWeights(number))
        }
        let after = try stage.loaders.result.map { try stage.measure(stage.measured, $0.loader, $0.part) }
        stage.reportResult()
        let clock = stage.progress.clock
        var result = StageResult(
            stage: number, teachers: plan.teachers.map(\.name), epochs: stage.progress.epoch,
            metric: task.metrics[0], part: stage.loaders.result?.part,
            before: stage.place.info["before"]?.doubleValue, after: after?.scores.primary,
            cost: .init(
                seconds: clock.seconds, teacherSeconds: stage.step.task.teacherSeconds,
                teacherMegabytes: plan.teachers.reduce(0) { $0 + $1.megabytes }, updates: stage.progress.update,
                images: clock.imagesTrained, trainingSeconds: clock.trainingSeconds))
        (result.decisions, result.stoppedEarly) = (progress.latest, stage.progress.stoppedEarly)
        return result
    }

    private func summarize(
        _ arm: Arm, _ report: OrderReport, _ last: Stage, _ results: [StageResult]
    ) throws -> DistillationSummary {
        var summary = try last.summarize()
        func sum<T: AdditiveArithmetic>(_ value: (StageResult.Cost) -> T) -> T {
            results.reduce(.zero) { $0 + value($1.cost) }
        }
        summary.cost.epochs = results.reduce(0) { $0 + $1.epochs }
        summary.cost.updates = sum(\.updates)
        summary.cost.seconds = sum(\.seconds)
        summary.cost.imagesPerSecond = Double(sum(\.images)) / max(1e-9, sum(\.trainingSeconds))
        let loader = try data.loader(
            data.splits.train, task.collator(training: false), last.recipe, training: false)
        return DistillationSummary(
            arm: arm, seed: last.recipe.run.seed, order: report.order, summary: summary,
            train: try task.evaluate(model, last.measured, loader).scores, stages: results)
    }
}
