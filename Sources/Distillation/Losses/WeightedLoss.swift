import Autograd
import Tensors

/// A weighted sum of losses that keeps what each term was, for the log.
public struct WeightedLoss<S: Scalar> {
    /// What one loss was.
    public struct Term: Sendable, Equatable {
        /// The name in the log.
        public let name: String
        /// The factor of the loss.
        public let weight: Double
        /// The loss before its weight.
        public let raw: Double
        /// The loss with its weight.
        public var weighted: Double { weight * raw }

        /// A term.
        public init(name: String, weight: Double, raw: Double) {
            self.name = name
            self.weight = weight
            self.raw = raw
        }
    }

    /// The sum, []; nil when there is no term.
    public private(set) var total: Variable<S>?
    /// The terms in the order in which they were added.
    public private(set) var terms: [Term] = []

    /// No terms.
    public init() {}

    /// Adds a term. Gradient: the weight times g.
    public mutating func add(_ name: String, _ loss: Variable<S>, weight: Double = 1) {
        require(loss.shape.elementCount == 1, "weighted loss \(name)", [loss.shape], "a term must be a scalar")
        terms.append(Term(name: name, weight: weight, raw: Double(loss.value.item)))
        let weighted = weight == 1 ? loss : loss.scaled(weight)
        total = total.map { $0 + weighted } ?? weighted
    }

    /// Takes over all terms of another sum, each times a factor.
    public mutating func add(_ other: WeightedLoss, factor: Double = 1) {
        terms += other.terms.map { Term(name: $0.name, weight: $0.weight * factor, raw: $0.raw) }
        guard let added = other.total.map({ factor == 1 ? $0 : $0.scaled(factor) }) else { return }
        total = total.map { $0 + added } ?? added
    }
}

extension WeightedLoss {
    /// The same sum with a prefix on the names of its terms.
    public func renamed(_ prefix: String) -> WeightedLoss {
        var result = self
        result.terms = terms.map { Term(name: prefix + $0.name, weight: $0.weight, raw: $0.raw) }
        return result
    }
}
