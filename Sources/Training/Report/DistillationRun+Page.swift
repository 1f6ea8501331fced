import Checkpoints
import JSON
import Reporting
import Tensors

// What a distillation leaves for its report.
extension DistillationRun {
    /// Opens the report of one arm.
    /// - Parameter updates: those made before the run goes on.
    func beginReport(
        _ arm: Arm, _ report: OrderReport, _ recipe: Recipe, _ directory: RunDirectory, resumingAfter updates: Int
    ) -> RunReporter? {
        let reporter = RunReporter(directory, recipe.reporting, console)
        var options = ["--arm \(arm.rawValue)"]
        if recipe.run.seed != self.recipe.run.seed { options.append("--set run.seed=\(recipe.run.seed)") }
        reporter?.begin(
            description(
                "distillation", report, recipe, options,
                [
                    .init("arm", .string(arm.rawValue)), .init("seed", .integer(recipe.run.seed)),
                ]), resumingAfter: updates
        ) { try Thumbnails(data, recipe).samples(task) }
        return reporter
    }

    /// Writes the report of a comparison of all arms.
    func reportComparison(_ report: OrderReport, seeds: Int, _ directory: RunDirectory) {
        let reporter = RunReporter(directory, recipe.reporting, console)
        reporter?.begin(
            description("comparison", report, recipe, ["--compare --seeds \(seeds)"], []), resumingAfter: 0
        ) { try Thumbnails(data, recipe).samples(task) }
        reporter?.finish()
    }

    private func description(
        _ kind: String, _ report: OrderReport, _ recipe: Recipe, _ options: [String], _ more: [JSONValue.Member]
    ) -> RunDescription {
        let metric = task.metrics[0]
        let teachers = self.teachers.map { teacher -> JSONValue in
            [
                "name": .string(teacher.name),
                "parameters": .integer(teacher.weights.model.parameters.parameterCount),
                metric.key("validation"): report.scores.first { $0.name == teacher.name }.map { .number($0.score) }
                    ?? .null,
            ]
        }
        var command = RunDescription.command(
            "trainer distill " + ShellWord.quoted(configuration.path), configuration.entries, more: options)
        if let plain = configuration.plain {
            // The configuration has no pool; the teacher came from the command line.
            let weights = configuration.pool.members.first?.weights ?? ""
            command = RunDescription.command(
                "trainer train " + ShellWord.quoted(configuration.path), plain.entries,
                more: ["--teacher \(ShellWord.quoted(weights))"])
        }
        return RunDescription(
            kind: kind, command: command, configuration: configuration.entries, recipe: recipe,
            data: DataDescription(data),
            model: model, metrics: task.metrics,
            more: more + [
                .init("student", .string(configuration.student.name)), .init("teachers", .array(teachers)),
                .init("order", .array(report.order.map { .string($0) })),
            ])
    }
}
