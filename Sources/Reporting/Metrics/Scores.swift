/// What an evaluation measured: the loss and a value of each metric, the one that decides first.
public struct Scores: Sendable, Equatable {
    /// One value.
    public struct Value: Sendable, Equatable {
        /// What was measured.
        public let metric: Metric
        /// In the unit of the metric: a share of 1 for percentages.
        public let value: Double

        /// A value of a metric, in the metric's unit.
        public init(metric: Metric, value: Double) { (self.metric, self.value) = (metric, value) }
    }

    /// The mean loss, of the evaluation's own kind: without smoothing and without weights.
    public let loss: Double
    /// How many images were measured.
    public let count: Int
    /// By metric, in the order of the task.
    public let values: [Value]

    /// Scores written as a literal: `Scores(loss: 0.3, count: 100, [.accuracy: 0.9])`.
    public init(loss: Double, count: Int, _ values: KeyValuePairs<Metric, Double>) {
        self.init(loss: loss, count: count, values: values.map { Value(metric: $0.key, value: $0.value) })
    }

    /// - Parameter values: in the order of the task, the one that decides first.
    public init(loss: Double, count: Int, values: [Value]) {
        (self.loss, self.count, self.values) = (loss, count, values)
    }

    /// The value of a metric, nil where it was not measured.
    public subscript(metric: Metric) -> Double? { values.first { $0.metric == metric }?.value }

    /// The value that decides; NaN where nothing was measured.
    public var primary: Double { values.first?.value ?? .nan }

    /// Whether these scores are better than others of the same metrics; the lower loss decides between equal ones.
    public func isBetter(than other: Scores) -> Bool {
        guard let metric = values.first?.metric, primary != other.primary else { return loss < other.loss }
        return metric.isBetter(primary, than: other.primary)
    }
}
