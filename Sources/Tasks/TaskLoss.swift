import Autograd
import Tensors

/// The loss of a batch.
public struct TaskLoss {
    /// A part of the loss, for the log.
    public struct Term: Sendable, Equatable {
        /// What it is called in the log and in the report.
        public let name: String
        /// Before and after its weight.
        public let raw: Double
        /// What it adds to the loss.
        public let weighted: Double

        /// A part of the loss as a task tells it.
        public init(name: String, raw: Double, weighted: Double) {
            self.name = name
            self.raw = raw
            self.weighted = weighted
        }
    }

    /// [].
    public let total: Variable<Float>
    /// The training metric, summed over the images of the batch.
    public let measured: Double
    /// Empty when the loss is of one part.
    public let terms: [Term]

    /// - Parameters:
    ///   - total: [], what is minimised: its gradient is the batch's.
    ///   - measured: the training metric, summed over the images of the batch.
    ///   - terms: the parts of the loss, where there are several.
    public init(total: Variable<Float>, measured: Double = 0, terms: [Term] = []) {
        self.total = total
        self.measured = measured
        self.terms = terms
    }
}

extension [TaskLoss.Term] {
    /// Adds terms, each times a factor, to those of the same name.
    public mutating func add(_ terms: [TaskLoss.Term], factor: Double) {
        for term in terms {
            let index = firstIndex { $0.name == term.name }
            let sum = index.map { self[$0] } ?? TaskLoss.Term(name: term.name, raw: 0, weighted: 0)
            let new = TaskLoss.Term(
                name: term.name, raw: sum.raw + term.raw * factor, weighted: sum.weighted + term.weighted * factor)
            if let index { self[index] = new } else { append(new) }
        }
    }
}
