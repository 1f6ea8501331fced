import Foundation

// How many trainings a distillation has, and what another run has trained already.
extension DistillationRun {
    /// The student and the members of the pool that have still to be trained.
    func missing() throws -> [PoolSource<C>] {
        try ((student.map { [$0] } ?? []) + pool).filter { try $0.needsTraining() }
    }

    /// Counts what is to be trained: the missing models, then the stages, as many as there can be.
    func plan(_ missing: [PoolSource<C>]) throws {
        let models = try missing.map { source -> Agenda.Item in
            // Forward and backward are about three times the forward pass.
            let epochs = Double(source.training?.recipe.training.epochs ?? 0)
            let images = Double(source.training?.data.splits.train.count ?? 0)
            return .init(name: source.name, work: 3 * (try source.multiplyAdds()) * epochs * images)
        }
        let names = configuration.order ?? Array(pool.map(\.name).prefix(configuration.maxTeachers ?? pool.count))
        let one = try stages(names.map { [$0] })
        agenda.replaceRest(models + (0..<max(1, options.arms)).flatMap { _ in one })
    }

    /// Counts the stages that are still to come, now that the order is known.
    func plan(_ arms: [Arm], order: [String]) throws {
        agenda.replaceRest(
            try arms.flatMap { try stages(plan($0, order: order).map { $0.teachers.map(\.name) }) })
    }

    /// The stages of one arm as entries of the agenda.
    /// - Parameter teachers: the names of each stage's teachers.
    private func stages(_ teachers: [[String]]) throws -> [Agenda.Item] {
        let own = Double(try model.trace(height: data.plan.height, width: data.plan.width).multiplyAdds)
        let sizes = try Dictionary(pool.map { ($0.name, try $0.multiplyAdds()) }) { first, _ in first }
        let images = Double(data.splits.train.count)
        return teachers.enumerated().map { index, names -> Agenda.Item in
            let epochs = configuration.stages.stage(for: names.last ?? "").epochs
            let forward = names.reduce(0) { $0 + (sizes[$1] ?? 0) }
            return .init(name: "stage \(index + 1)", work: (3 * own + forward) * epochs * images)
        }
    }

    /// What to set so that models which another run beside this one has trained by the same recipes are not trained
    /// again; nil where there are none.
    package func sisterNotice(_ path: String) throws -> String? {
        guard configuration.pool.directory == nil else { return nil }
        let missing = try pool.filter { try $0.needsTraining() }
        guard !missing.isEmpty else { return nil }
        let own = RunFolder.withoutSlash(path)
        let parts = own.split(separator: "/", omittingEmptySubsequences: false)
        let parent = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
        let prefix = parent == "." ? "" : parent + "/"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: parent.isEmpty ? "/" : parent)) ?? [])
            .sorted()
        for name in names where prefix + name != own && RunFolder.isFolder("\(prefix)\(name)/pool") {
            let sister = prefix + name
            func holds(_ source: PoolSource<C>, _ folder: String) -> Bool {
                guard let training = source.training,
                    let finished = try? FinishedRun(in: folder, training.recipe)
                else { return false }
                return finished.warning == nil
            }
            let found = missing.filter { holds($0, "\(sister)/pool/\($0.name)") }
            guard !found.isEmpty else { continue }
            var advice = "--set pool.directory=\(sister)/pool"
            if let student, try student.needsTraining(), holds(student, sister + "/student") {
                advice += " --set student.weights=\(sister)/student"
            }
            return "\(sister) has trained \(found.map(\.name).joined(separator: ", ")) by the same configuration; "
                + "\(advice) takes over what is there."
        }
        return nil
    }
}
