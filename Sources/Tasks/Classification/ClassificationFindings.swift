import Reporting

/// How well a classifier does on a part of the data.
public struct ClassificationFindings: TaskFindings {
    /// The mean cross-entropy without smoothing; accuracy; top-five accuracy, the share of images whose class is among
    /// the five (or as many as there are) most probable ones.
    public internal(set) var scores = Scores(loss: 0, count: 0, values: [])
    /// [true class][predicted class].
    public internal(set) var confusion: [[Int]]
    /// How often predictions of like probability are right.
    public internal(set) var calibration = Calibration()
    /// What logits must be divided by for probabilities that explain these labels best; nil where it was not asked for.
    public internal(set) var temperature: Double?
    /// Wrong answers, those given with the most confidence first; as many as were asked for.
    public internal(set) var mistakes: [Mistake] = []
    /// Right answers, those given with the most confidence first; a few, where mistakes were asked for.
    public internal(set) var hits: [Mistake] = []
    /// Of each pair of a class and another one that it was taken for a few images, the surest answers first; where mistakes
    /// were asked for.
    public var confused: [[Mistake]] {
        examples.values.map { $0.sorted { ($1.confidence, $0.index) < ($0.confidence, $1.index) } }
            .sorted { ($0[0].actual, $0[0].predicted) < ($1[0].actual, $1[0].predicted) }
    }
    /// By actual class times classes plus the predicted one.
    private var examples: [Int: [Mistake]] = [:]
    /// Figures of each class, and whether probabilities can be believed; nil where they were not asked for.
    public internal(set) var report: ClassificationReport?
    /// How probable each class was found; where mistakes were asked for, of not too many classes.
    package internal(set) var thresholds: ThresholdCounts?
    /// What a user should know, one sentence each.
    public internal(set) var notices: [String] = []

    /// An image that was taken for another class, or, among `hits`, for its own.
    public struct Mistake: Sendable, Equatable {
        /// The image's index in the data set.
        public let index: Int
        /// The right class.
        public let actual: Int
        /// The class that was named.
        public let predicted: Int
        /// The probabilities of the class that was named and of the right one.
        public let confidence: Double
        /// The probability of the right class.
        public let actualProbability: Double
    }

    /// So many right answers are shown at most.
    private static let mostHits = 4
    /// And so many of each pair of classes.
    private static let mostExamples = 4

    init(classes: Int) { confusion = Array(repeating: Array(repeating: 0, count: classes), count: classes) }

    mutating func add(_ answer: Mistake) {
        guard answer.actual != answer.predicted else { return hits.append(answer) }
        mistakes.append(answer)
        let pair = answer.actual * confusion.count + answer.predicted
        var some = examples[pair, default: []] + [answer]
        if some.count > Self.mostExamples {
            some.sort { ($1.confidence, $0.index) < ($0.confidence, $1.index) }
            some.removeLast()
        }
        examples[pair] = some
    }

    mutating func keepMistakes(_ count: Int) {
        mistakes.sort { ($1.confidence, $0.index) < ($0.confidence, $1.index) }
        mistakes = Array(mistakes.prefix(count))
        hits.sort { ($1.confidence, $0.index) < ($0.confidence, $1.index) }
        hits = Array(hits.prefix(min(count, Self.mostHits)))
    }
}
