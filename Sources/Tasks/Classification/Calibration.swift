/// Whether probabilities can be believed: how often predictions of like probability are right.
public struct Calibration: Sendable, Equatable {
    /// All of the same width.
    public static let binCount = 15

    /// Predictions whose class got a probability between i / 15, exclusive, and (i + 1) / 15.
    public struct Bin: Sendable, Equatable {
        /// How many predictions.
        public fileprivate(set) var count = 0
        /// How many of them name the right class.
        public fileprivate(set) var right = 0
        /// The sum of their probabilities.
        public fileprivate(set) var confidence = 0.0
    }

    /// By probability.
    public private(set) var bins = [Bin](repeating: Bin(), count: binCount)

    /// No predictions yet.
    public init() {}

    /// Takes one prediction.
    /// - Parameter confidence: the probability of the class that was named.
    public mutating func add(confidence: Double, isRight: Bool) {
        guard !confidence.isNaN else { return }
        // The bins are open below and closed above.
        let bin = max(0, min(Self.binCount - 1, Int((confidence * Double(Self.binCount)).rounded(.up)) - 1))
        bins[bin].count += 1
        bins[bin].confidence += confidence
        if isRight { bins[bin].right += 1 }
    }

    /// The expected calibration error: how far the probability of the predicted class is from the share of right
    /// predictions, by bins of probability (Guo et al., 2017, equation 3); nil without predictions.
    public var error: Double? {
        let count = bins.reduce(0) { $0 + $1.count }
        guard count > 0 else { return nil }
        return bins.reduce(0) { $0 + abs(Double($1.right) - $1.confidence) } / Double(count)
    }
}
