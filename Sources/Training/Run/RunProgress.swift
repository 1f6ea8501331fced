import JSON
import Tensors

/// How far a run has come: everything beside the weights that a resumed run needs.
struct RunProgress: Equatable {
    /// Finished epochs.
    var epoch = 0
    /// Finished batches of the current epoch.
    var batch = 0
    /// Finished updates.
    var update = 0
    /// Of the current epoch.
    var seen = 0
    var correct = 0
    var lossSum = 0.0
    var gradientNormSum = 0.0
    /// Of every update of the current epoch, with seven digits as in the log.
    var gradientNorms: [Double] = []
    /// The terms of the loss, each times the images it was measured on.
    var terms: [TaskLoss.Term] = []

    var bestEpoch = 0
    var bestAccuracy: Double?
    var bestLoss = 0.0
    /// Of the last finished epoch.
    var lastValidationAccuracy: Double?
    var lastValidationLoss: Double?
    var stoppedEarly: String?

    /// Updates of the current epoch that were left out, and those in a row up to now.
    var skipped = 0
    var skippedInARow = 0

    var imagesTrained = 0
    var trainingSeconds = 0.0
    var evaluationSeconds = 0.0
    var seconds: Double { trainingSeconds + evaluationSeconds }

    var meanLoss: Double { seen > 0 ? lossSum / Double(seen) : 0 }
    var accuracy: Double { seen > 0 ? Double(correct) / Double(seen) : 0 }
    var medianGradientNorm: Double {
        let sorted = gradientNorms.sorted()
        guard !sorted.isEmpty else { return 0 }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
    var meanGradientNorm: Double { gradientNorms.isEmpty ? 0 : gradientNormSum / Double(gradientNorms.count) }

    mutating func add(_ outcome: TrainingStep.Outcome, images: Int) {
        skippedInARow = 0
        batch += 1
        update += 1
        seen += images
        correct += outcome.correct
        lossSum += outcome.loss * Double(images)
        gradientNormSum += outcome.gradientNorm
        gradientNorms.append(JSONValue.measured(outcome.gradientNorm).doubleValue ?? 0)
        for term in outcome.terms { add(term, images: Double(images)) }
        imagesTrained += images
    }

    /// Counts an update that was not made; the learning rate's schedule goes on.
    mutating func skip() {
        batch += 1
        update += 1
        skipped += 1
        skippedInARow += 1
    }

    private mutating func add(_ term: TaskLoss.Term, images: Double) {
        let index = terms.firstIndex { $0.name == term.name }
        let sum = index.map { terms[$0] } ?? TaskLoss.Term(name: term.name, raw: 0, weighted: 0)
        let new = TaskLoss.Term(
            name: term.name, raw: sum.raw + term.raw * images, weighted: sum.weighted + term.weighted * images)
        if let index { terms[index] = new } else { terms.append(new) }
    }

    mutating func nextEpoch() {
        epoch += 1
        terms = []
        gradientNorms = []
        skipped = 0
        (batch, seen, correct, lossSum, gradientNormSum) = (0, 0, 0, 0, 0)
    }

    var json: JSONValue {
        [
            "epoch": .integer(epoch), "batch": .integer(batch), "update": .integer(update), "seen": .integer(seen),
            "correct": .integer(correct), "lossSum": .number(lossSum), "gradientNormSum": .number(gradientNormSum),
            "gradientNorms": .array(gradientNorms.map { .number($0) }),
            "terms": .object(terms.map { .init($0.name, .array([.number($0.raw), .number($0.weighted)])) }),
            "bestEpoch": .integer(bestEpoch), "bestAccuracy": bestAccuracy.map { .number($0) } ?? .null,
            "bestLoss": .number(bestLoss), "stoppedEarly": stoppedEarly.map { .string($0) } ?? .null,
            "imagesTrained": .integer(imagesTrained), "trainingSeconds": .number(trainingSeconds),
            "evaluationSeconds": .number(evaluationSeconds), "skipped": .integer(skipped),
            "skippedInARow": .integer(skippedInARow),
            "lastValidationAccuracy": lastValidationAccuracy.map { .number($0) } ?? .null,
            "lastValidationLoss": lastValidationLoss.map { .number($0) } ?? .null,
        ]
    }

    init() {}

    /// `nil` when a number is missing or is no count.
    init?(_ json: JSONValue) {
        func integer(_ name: String) -> Int? { json[name]?.countValue }
        func number(_ name: String) -> Double? { json[name]?.doubleValue }
        guard let epoch = integer("epoch"), let batch = integer("batch"), let update = integer("update"),
            let seen = integer("seen"), let correct = integer("correct"), let lossSum = number("lossSum"),
            let gradientNormSum = number("gradientNormSum"), let bestEpoch = integer("bestEpoch"),
            let bestLoss = number("bestLoss"), let imagesTrained = integer("imagesTrained"),
            let trainingSeconds = number("trainingSeconds"), let evaluationSeconds = number("evaluationSeconds")
        else { return nil }
        (self.epoch, self.batch, self.update) = (epoch, batch, update)
        (self.seen, self.correct) = (seen, correct)
        (self.lossSum, self.gradientNormSum) = (lossSum, gradientNormSum)
        (self.bestEpoch, self.bestLoss) = (bestEpoch, bestLoss)
        gradientNorms = (json["gradientNorms"]?.arrayValue ?? []).compactMap(\.doubleValue)
        for term in json["terms"]?.objectValue ?? [] {
            guard let sums = term.value.arrayValue?.compactMap(\.doubleValue), sums.count == 2 else { return nil }
            terms.append(TaskLoss.Term(name: term.name, raw: sums[0], weighted: sums[1]))
        }
        bestAccuracy = number("bestAccuracy")
        lastValidationAccuracy = number("lastValidationAccuracy")
        lastValidationLoss = number("lastValidationLoss")
        skipped = integer("skipped") ?? 0
        skippedInARow = integer("skippedInARow") ?? 0
        stoppedEarly = json["stoppedEarly"]?.stringValue
        (self.imagesTrained, self.trainingSeconds, self.evaluationSeconds) = (
            imagesTrained, trainingSeconds, evaluationSeconds
        )
    }
}
