import Reporting

/// How near numbers come to the true ones.
public struct RegressionFindings: TaskFindings {
    /// One target, in its unit.
    public struct Target: Sendable, Equatable {
        /// The share of the variance that answers explain: 1 less the squared differences over those from the mean of the
        /// images that were measured. Where all have the same value it is 1 for answers that are right, and 0 otherwise.
        public let rSquared: Double
        /// How far answers are off on average.
        public let meanAbsoluteError: Double
        /// The root of the mean squared difference.
        public let rootMeanSquaredError: Double
        /// How much too high answers are on average.
        public let bias: Double
        /// Truth and answer of some images, spread evenly over all.
        public internal(set) var points: [Point] = []
        /// How far figures would move with other images; nil where it was not asked for.
        public internal(set) var intervals: Intervals?
    }

    /// Truth and answer of an image.
    public struct Point: Sendable, Equatable {
        /// The true value.
        public let actual: Double
        /// What the model says.
        public let predicted: Double
    }

    /// The middle 95 % of resampled figures.
    public struct Intervals: Sendable, Equatable {
        /// Of `Target.rSquared`.
        public let rSquared: Resampling.Interval
        /// Of `Target.meanAbsoluteError`.
        public let meanAbsoluteError: Resampling.Interval
        /// Of `Target.rootMeanSquaredError`.
        public let rootMeanSquaredError: Resampling.Interval
    }

    /// An image, and how far the answer is off.
    public struct Mistake: Sendable, Equatable {
        /// The image's index in the data set.
        public let index: Int
        /// True values and answers, one of each target.
        public let points: [Point]
        /// The largest difference, in deviations of the target.
        public let distance: Double
    }

    /// The loss in deviations, and the means over the targets.
    public internal(set) var scores = Scores(loss: 0, count: 0, values: [])
    /// In the order of the model's outputs.
    public internal(set) var targets: [Target] = []
    /// The answers that are farthest off; as many as were asked for.
    public internal(set) var mistakes: [Mistake] = []

    mutating func keepMistakes(_ count: Int) {
        mistakes.sort { ($1.distance, $0.index) < ($0.distance, $1.index) }
        mistakes = Array(mistakes.prefix(count))
    }
}
