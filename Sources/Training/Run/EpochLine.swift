import JSON
import Reporting
import Tasks

/// What the updates of an epoch leave for its line beside their sums.
package struct EpochEnd {
    /// Of the last update.
    package var learningRate = 0.0
    package var imagesPerSecond: Double?
    /// Seconds that updates waited for their batch, and the seconds of all updates.
    package var waited = 0.0
    package var seconds = 0.0

    package init() {}
}

/// A finished epoch: a line of the log, and one for people.
package struct EpochLine {
    package private(set) var json: JSONValue
    package private(set) var text: String

    /// - Parameters:
    ///   - labels: what the line begins with.
    ///   - heading: what stands before the text of a run that is one of several.
    ///   - metric: what the training step measured.
    package init(
        labels: [JSONValue.Member], heading: String?, epoch: Int, epochs: Int, update: Int, _ sums: EpochSums,
        _ end: EpochEnd, metric: Metric?
    ) {
        var line: JSONValue = .object(labels)
        line["epoch"] = .integer(epoch)
        line["update"] = .integer(update)
        line["trainLoss"] = .measured(sums.meanLoss)
        if let metric { line[metric.key("train")] = .number(sums.meanMeasured) }
        line["gradientNorm"] = .measured(sums.meanGradientNorm)
        line["gradientNormMedian"] = .measured(sums.medianGradientNorm)
        line["gradientNormMax"] = .measured(sums.gradientNorms.max() ?? 0)
        line["learningRate"] = .measured(end.learningRate)
        if sums.skipped > 0 { line["skippedUpdates"] = .integer(sums.skipped) }
        if end.seconds > 0 { line["dataWaitShare"] = .measured(end.waited / end.seconds) }
        for term in sums.terms {
            let seen = Double(max(1, sums.seen))
            line["loss.\(term.name)"] = .measured(term.raw / seen)
            line["weightedLoss.\(term.name)"] = .measured(term.weighted / seen)
        }
        json = line
        text = heading.map { $0 + "  " } ?? ""
        text += "epoch \(epoch)/\(epochs)  loss \(NumberText.fixed(sums.meanLoss, decimals: 4))"
        if let metric {
            text += "  train \(metric.text(sums.meanMeasured))"
        } else {
            let terms = Self.terms(sums).map { "\($0.name) \(NumberText.fixed($0.value, decimals: 3))" }
            if terms.count > 1 { text += " (\(terms.joined(separator: ", ")))" }
        }
    }

    /// The parts of the loss, each with its weight, as means over the images so far.
    static func terms(_ sums: EpochSums) -> [(name: String, value: Double)] {
        sums.terms.map { ($0.name, $0.weighted / Double(max(1, sums.seen))) }
    }

    /// Of the raw weights.
    package mutating func add(validation scores: Scores) {
        json["validationLoss"] = .measured(scores.loss)
        for value in scores.values { json[value.metric.key("validation")] = .number(value.value) }
        show("validation", scores)
    }

    /// Of the moving average.
    package mutating func add(averageValidation scores: Scores) {
        if let first = scores.values.first { json[first.metric.key("emaValidation")] = .number(first.value) }
        json["emaValidationLoss"] = .measured(scores.loss)
        show("EMA", scores)
    }

    /// Of the raw weights, where the test part is looked at after every epoch.
    package mutating func add(test scores: Scores) {
        if let first = scores.values.first { json[first.metric.key("test")] = .number(first.value) }
        json["testLoss"] = .measured(scores.loss)
        show("test", scores)
    }

    private mutating func show(_ part: String, _ scores: Scores) {
        if let first = scores.values.first { text += "  \(part) \(first.metric.text(first.value))" }
    }

    /// - Parameter seconds: of the run so far.
    package mutating func close(_ end: EpochEnd, seconds: Double) {
        json["imagesPerSecond"] = end.imagesPerSecond.map { .rounded($0, decimals: 1) } ?? .null
        json["seconds"] = .rounded(seconds, decimals: 3)
        json["peakMemoryMB"] = .rounded(Memory.peakMegabytes(), decimals: 1)
        if let rate = end.imagesPerSecond { text += "  \(NumberText.grouped(Int(bounded: rate))) images/s" }
    }
}
