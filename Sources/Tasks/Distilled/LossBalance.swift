import Distillation
import JSON

/// How large the losses of the task and of the distillation are in the first updates of a stage, and the factor that
/// brings them into their ratio.
struct LossBalance {
    private let configuration: StageConfiguration
    private var task: [Double] = []
    private var distillation: [Double] = []

    init(_ configuration: StageConfiguration) { self.configuration = configuration }

    /// Whether enough was measured.
    var isSettled: Bool { task.count >= configuration.balanceSteps }

    /// What balancing makes of the distillation losses' weights so far.
    var factor: Double {
        configuration.balance.factor(task: task, distillation: distillation, ratio: configuration.balanceRatio) ?? 1
    }

    /// - Parameter task: without the weight of the task's own loss.
    mutating func add(task: Double, distillation: Double) {
        self.task.append(task * configuration.crossEntropyWeight)
        self.distillation.append(distillation)
    }

    var json: JSONValue {
        [
            "task": .array(task.map { .number($0) }), "distillation": .array(distillation.map { .number($0) }),
        ]
    }

    mutating func restore(_ state: JSONValue) {
        task = state["task"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        distillation = state["distillation"]?.arrayValue?.compactMap(\.doubleValue) ?? []
    }
}
