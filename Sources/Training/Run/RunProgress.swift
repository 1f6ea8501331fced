import JSON
import Optim
import Reporting
import Tasks
import Tensors

/// Sums over the updates of an epoch so far.
package struct EpochSums: Equatable {
    /// Images.
    package var seen = 0
    /// The task's training metric.
    package var measured = 0.0
    package var loss = 0.0
    /// Of every update, with seven digits as in the log.
    package var gradientNorms: [Double] = []
    package var gradientNorm = 0.0
    /// The terms of the loss, each times the images it was measured on.
    package var terms: [TaskLoss.Term] = []
    /// Updates that were left out.
    package var skipped = 0

    package init() {}

    package var meanLoss: Double { seen > 0 ? loss / Double(seen) : 0 }
    /// The training metric's mean over the images.
    package var meanMeasured: Double { seen > 0 ? measured / Double(seen) : 0 }
    package var meanGradientNorm: Double { gradientNorms.isEmpty ? 0 : gradientNorm / Double(gradientNorms.count) }
    package var medianGradientNorm: Double {
        let sorted = gradientNorms.sorted()
        guard !sorted.isEmpty else { return 0 }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

/// How much a run has done and how long it took.
package struct RunClock: Equatable {
    package var imagesTrained = 0
    package var trainingSeconds = 0.0
    package var evaluationSeconds = 0.0
    package var seconds: Double { trainingSeconds + evaluationSeconds }
    package var imagesPerSecond: Double { Double(imagesTrained) / max(trainingSeconds, 1e-9) }
}

/// A value that decides, and the loss beside it.
package struct Measured: Sendable, Equatable {
    package let value: Double
    package let loss: Double

    package init(value: Double, loss: Double) { (self.value, self.loss) = (value, loss) }

    package init(_ scores: Scores) { self.init(value: scores.primary, loss: scores.loss) }
}

/// How far a run has come: everything beside the weights that a resumed run needs.
package struct RunProgress: Equatable {
    /// Finished epochs.
    package var epoch = 0
    /// Finished batches of the current epoch.
    package var batch = 0
    /// Finished updates.
    package var update = 0
    /// Of the current epoch.
    package var sums = EpochSums()
    /// Of the last finished epoch.
    package var lastValidation: Measured?
    /// What goes with the weights of that epoch, where its validation told something of it.
    package var lastSettings: JSONValue?
    package var stoppedEarly: String?
    /// The best validation of the run itself, kept where it has patience.
    package var peak: Peak?
    /// What validation has made of the learning rate, where the schedule asks it.
    package var plateau = Plateau.Memory()
    /// Updates left out in a row up to now.
    package var skippedInARow = 0
    package var clock = RunClock()

    package init() {}

    /// Counts an update over so many images.
    package mutating func add(loss: Double, measured: Double, gradientNorm: Double, terms: [TaskLoss.Term], images: Int)
    {
        skippedInARow = 0
        batch += 1
        update += 1
        sums.seen += images
        sums.measured += measured
        sums.loss += loss * Double(images)
        sums.gradientNorm += gradientNorm
        sums.gradientNorms.append(JSONValue.measured(gradientNorm).doubleValue ?? 0)
        sums.terms.add(terms, factor: Double(images))
        clock.imagesTrained += images
    }

    /// Counts an update that was not made; the learning rate's schedule goes on.
    package mutating func skip() {
        batch += 1
        update += 1
        sums.skipped += 1
        skippedInARow += 1
    }

    /// Where the run stands, in words.
    /// - Parameters:
    ///   - before: epochs of the stages before.
    ///   - epochs: of the run itself.
    func position(before: Int, of epochs: Int) -> String {
        epoch >= epochs ? "all \(before + epoch) epochs done" : "epoch \(before + epoch + 1), batch \(batch + 1)"
    }

    package mutating func nextEpoch() {
        epoch += 1
        batch = 0
        sums = EpochSums()
    }
}

extension RunProgress {
    package var json: JSONValue {
        var json: JSONValue = [
            "epoch": .integer(epoch), "batch": .integer(batch), "update": .integer(update),
            "seen": .integer(sums.seen), "measured": .number(sums.measured), "lossSum": .number(sums.loss),
            "gradientNormSum": .number(sums.gradientNorm),
            "gradientNorms": .array(sums.gradientNorms.map { .number($0) }),
            "terms": .object(sums.terms.map { .init($0.name, .array([.number($0.raw), .number($0.weighted)])) }),
            "stoppedEarly": stoppedEarly.map { .string($0) } ?? .null,
            "imagesTrained": .integer(clock.imagesTrained), "trainingSeconds": .number(clock.trainingSeconds),
            "evaluationSeconds": .number(clock.evaluationSeconds), "skipped": .integer(sums.skipped),
            "skippedInARow": .integer(skippedInARow), "lastValidation": .optional(lastValidation?.value),
            "lastValidationLoss": .optional(lastValidation?.loss),
        ]
        if let lastSettings { json["lastSettings"] = lastSettings }
        if plateau != Plateau.Memory() { json["plateau"] = plateau.json }
        if let peak { json["peak"] = ["epoch": .integer(peak.epoch), "value": .number(peak.value)] }
        return json
    }

    /// What an earlier version called values of the metric that decides, when there was one metric.
    private static let earlier = ["measured": "correct", "lastValidation": "lastValidationAccuracy"]

    /// `nil` when a number is missing or is no count.
    package init?(_ json: JSONValue) {
        func integer(_ name: String) -> Int? { json[name]?.countValue }
        func number(_ name: String) -> Double? {
            json[name]?.doubleValue ?? Self.earlier[name].flatMap { json[$0]?.doubleValue }
        }
        guard let epoch = integer("epoch"), let batch = integer("batch"), let update = integer("update"),
            let seen = integer("seen"), let measured = number("measured"), measured.isFinite,
            let lossSum = number("lossSum"), let gradientNormSum = number("gradientNormSum"),
            let imagesTrained = integer("imagesTrained"), let trainingSeconds = number("trainingSeconds"),
            let evaluationSeconds = number("evaluationSeconds")
        else { return nil }
        (self.epoch, self.batch, self.update) = (epoch, batch, update)
        (sums.seen, sums.measured) = (seen, measured)
        (sums.loss, sums.gradientNorm) = (lossSum, gradientNormSum)
        sums.gradientNorms = (json["gradientNorms"]?.arrayValue ?? []).compactMap(\.doubleValue)
        for term in json["terms"]?.objectValue ?? [] {
            guard let values = term.value.arrayValue?.compactMap(\.doubleValue), values.count == 2 else { return nil }
            sums.terms.append(TaskLoss.Term(name: term.name, raw: values[0], weighted: values[1]))
        }
        if let value = number("lastValidation"), let loss = number("lastValidationLoss") {
            lastValidation = Measured(value: value, loss: loss)
        }
        lastSettings = json["lastSettings"]
        if let saved = json["plateau"] {
            guard let memory = Plateau.Memory(saved) else { return nil }
            plateau = memory
        }
        if let epoch = json["peak"]?["epoch"]?.countValue, let value = json["peak"]?["value"]?.doubleValue {
            peak = Peak(epoch: epoch, value: value)
        }
        sums.skipped = integer("skipped") ?? 0
        skippedInARow = integer("skippedInARow") ?? 0
        stoppedEarly = json["stoppedEarly"]?.stringValue
        clock = RunClock(
            imagesTrained: imagesTrained, trainingSeconds: trainingSeconds, evaluationSeconds: evaluationSeconds)
    }
}

extension Plateau.Memory {
    fileprivate var json: JSONValue {
        [
            "scale": .number(scale), "best": .optional(best), "badEpochs": .integer(badEpochs),
            "cooldown": .integer(cooldownLeft),
        ]
    }

    /// `nil` when a number is missing or impossible.
    fileprivate init?(_ json: JSONValue) {
        guard let scale = json["scale"]?.doubleValue, scale >= 0, scale <= 1,
            let badEpochs = json["badEpochs"]?.countValue, let cooldown = json["cooldown"]?.countValue
        else { return nil }
        self.init(scale: scale, best: json["best"]?.doubleValue, badEpochs: badEpochs, cooldownLeft: cooldown)
    }
}
