import Distillation

/// One stage of an arm.
struct StagePlan {
    let teachers: [Teacher]
    let configuration: StageConfiguration
    /// Counted over all stages, from 0, where every stage before takes its epochs.
    var firstEpoch: Int
    /// Its own.
    var epochs: Int

    var title: String { teachers.isEmpty ? "no teacher" : teachers.map(\.name).joined(separator: " + ") }

    /// The stages of an arm for an order.
    static func stages(_ arm: Arm, chain: [Teacher], _ schedule: StageSchedule) -> [StagePlan] {
        var first = 0
        return chain.indices.map { index in
            var configuration = schedule.stage(for: chain[index].name)
            let epochs = max(1, Int(configuration.epochs.rounded()))
            let teachers: [Teacher]
            switch arm {
            case .alone: teachers = []
            case .progressive, .adaptive: teachers = [chain[index]]
            case .ensemble: teachers = chain
            case .direct:
                teachers = [chain[chain.count - 1]]
                configuration = schedule.stage(for: teachers[0].name)
            }
            defer { first += epochs }
            return StagePlan(teachers: teachers, configuration: configuration, firstEpoch: first, epochs: epochs)
        }
    }
}
