import Autograd
import Datasets
import JSON
import Layers
import Tensors

/// What a run minimises. Classification is one; distillation adds teachers to it.
public protocol TrainingTask {
    /// The loss of a batch in that update of the run, counted from 0.
    func loss(_ batch: Batch, _ context: Context<Float>, update: Int) -> TaskLoss
    /// Whether a parameter that no gradient reaches is a mistake.
    var reachesAllParameters: Bool { get }
    /// What the task has learnt of its losses so far, saved with the state of a run.
    var state: JSONValue { get }
    func restore(_ state: JSONValue)
}

extension TrainingTask {
    public var reachesAllParameters: Bool { true }
    public var state: JSONValue { .null }
    public func restore(_ state: JSONValue) {}
}

/// The loss of a batch.
public struct TaskLoss {
    /// A part of the loss, for the log.
    public struct Term: Sendable, Equatable {
        public let name: String
        /// Before and after its weight.
        public let raw: Double
        public let weighted: Double

        public init(name: String, raw: Double, weighted: Double) {
            self.name = name
            self.raw = raw
            self.weighted = weighted
        }
    }

    /// [].
    public let total: Variable<Float>
    /// The student's logits [count, classes].
    public let logits: Tensor<Float>
    /// Empty when the loss is of one part.
    public let terms: [Term]

    public init(total: Variable<Float>, logits: Tensor<Float>, terms: [Term] = []) {
        self.total = total
        self.logits = logits
        self.terms = terms
    }
}
