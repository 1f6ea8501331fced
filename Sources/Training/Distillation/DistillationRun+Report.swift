import Checkpoints
import Datasets
import Distillation
import Distributed
import JSON
import Layers
import Reporting
import RunLayout
import Tasks
import Tensors

// What is said before the first step, and the order as a file.
extension DistillationRun {
    /// Data, student and pool, one line each.
    /// - Parameter pairings: whether to say how each teacher's taps are brought together with the student's.
    package func description(_ path: String, pairings: Bool = true) throws -> String {
        var lines = [
            "data     \(recipe.data.path): \(data.splits.summary)",
            "student  \(configuration.student.name), \(NumberText.grouped(model.parameters.parameterCount)) parameters, "
                + "input \(data.plan.height)x\(data.plan.width)" + (try state(student)),
        ]
        for member in pool {
            let transform = member.outline.transform
            let teacher = try member.outline.specification.makeModel(height: transform.height, width: transform.width)
            let size = "input \(transform.height)x\(transform.width)"
            lines.append(
                "teacher  \(member.name), \(NumberText.grouped(teacher.parameters.parameterCount)) parameters, \(size)"
                    + (try state(member)))
            guard pairings else { continue }
            let stage = configuration.stages.stage(for: member.name)
            let pairing =
                StageLosses.needsPairing(stage.losses)
                ? try FeaturePairing(
                    student: model.taps(height: data.plan.height, width: data.plan.width),
                    teacher: teacher.taps(height: transform.height, width: transform.width),
                    named: stage.pairs) : nil
            let losses = StageLosses(Scope(), stage.losses, pairing: pairing)
            lines += losses.description.split(separator: "\n").map { "           " + $0 }
        }
        lines.append("run      \(path)")
        return lines.joined(separator: "\n")
    }

    /// Refuses what `run` would refuse about the folder of an earlier run, as far as it shows before the pool is trained.
    package func checkResumption(in path: String) throws {
        try FinishedDistillation.checkResumption(configuration, in: path, forced: options.isForced)
    }

    private func state(_ source: PoolSource<C>?) throws -> String {
        guard let source else { return ", from first weights" }
        return try source.needsTraining() ? ", to be trained in \(source.training?.folder ?? "")" : ", \(source.path)"
    }

    /// Finds the order and writes `order.json`, or takes over what was found before when the run goes on.
    /// - Parameter directory: nil on ranks other than 0.
    /// - Throws: when the run was started with other teachers.
    package func order(in directory: RunDirectory?, resuming: Bool) throws -> OrderReport {
        let path = directory?.path ?? "the run's folder"
        let found = try ranks.sentence { directory.flatMap { resuming ? RegularFile.read($0.order).text : nil } }
        if resuming, let text = found,
            let saved = try? JSONValue(parsing: text),
            let names = saved["order"]?.arrayValue?.compactMap(\.stringValue), !names.isEmpty
        {
            for name in names {
                guard let teacher = teachers.first(where: { $0.name == name }) else {
                    throw RecipeError(
                        "\(path): the run was started with the teacher \(name), which is no longer in the pool; "
                            + "bring it back, or start anew with --overwrite")
                }
                guard saved["teachers"]?[name]?.stringValue == teacher.sha256 else {
                    throw RecipeError(
                        "\(path): the weights of the teacher \(name) are others than those the run was started "
                            + "with; bring them back, or start anew with --overwrite")
                }
            }
            return OrderReport(
                order: names, decisions: [], costs: [], scores: [],
                teachers: names.compactMap { name in
                    teachers.first { $0.name == name }.map { (name: name, sha256: $0.sha256) }
                }, student: configuration.student.name,
                explanations: saved["decisions"]?.arrayValue?.compactMap { $0["text"]?.stringValue } ?? [])
        }
        let report = try findOrder()
        try writing(to: directory) { try AtomicFile.write($0.order, report.json.text(pretty: true) + "\n") }
        return report
    }
}
