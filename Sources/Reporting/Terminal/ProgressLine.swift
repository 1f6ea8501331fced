/// What a progress line tells.
package struct ProgressReport: Sendable {
    /// The epoch under way, from 1.
    package var epoch: Int
    package var epochs: Int
    /// The steps done in this epoch.
    package var step: Int
    package var steps: Int
    package var loss: Double?
    /// The parts of the loss, where a run has several and no metric of its own steps.
    package var terms: [(name: String, value: Double)] = []
    /// What the run's first metric is in this epoch.
    package var measure: (metric: Metric, value: Double)?
    package var imagesPerSecond: Double?
    package var learningRate: Double?
    /// Seconds until the end of the run.
    package var timeLeft: Double?
    /// What stands at the beginning, `[2/5 resnet]`, where a run is one of several.
    package var heading: String?
    /// Seconds until the end of all of them.
    package var totalTimeLeft: Double?

    package init(
        epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double? = nil,
        measure: (metric: Metric, value: Double)? = nil, imagesPerSecond: Double? = nil, learningRate: Double? = nil,
        timeLeft: Double? = nil
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.steps = steps
        self.loss = loss
        self.measure = measure
        self.imagesPerSecond = imagesPerSecond
        self.learningRate = learningRate
        self.timeLeft = timeLeft
    }
}

/// Progress as one line of text.
package enum ProgressLine {
    /// The line: `epoch 3/30  step 12/45  loss 0.4312  accuracy 87.1%  5,120 images/s  lr 1.2e-3  left 1m 12s`.
    /// - Parameter width: the columns it may take; labels are shortened, then what matters least is left out.
    package static func text(_ progress: ProgressReport, width: Int = .max) -> String {
        let full = joined(parts(progress, isShort: false))
        if TextWidth.columns(full) <= width { return full }
        var parts = parts(progress, isShort: true)
        while parts.count > 1, TextWidth.columns(joined(parts)) > width,
            let index = parts.indices.max(by: { parts[$0].rank < parts[$1].rank })
        {
            parts.remove(at: index)
        }
        return TextWidth.truncated(joined(parts), to: width)
    }

    private typealias Part = (text: String, rank: Int)

    private static func joined(_ parts: [Part]) -> String { parts.map(\.text).joined(separator: "  ") }

    /// The parts in the order of the line, each with its rank; the highest rank is left out first.
    private static func parts(_ progress: ProgressReport, isShort: Bool) -> [Part] {
        var parts: [Part] = progress.heading.map { [($0, 1)] } ?? []
        parts += [
            ("epoch \(progress.epoch)/\(progress.epochs)", 0),
            ((isShort ? "" : "step ") + aligned(progress.step, progress.steps), 6),
        ]
        if let loss = progress.loss { parts.append(("loss \(lossText(loss))", 1)) }
        if progress.terms.count > 1 {
            for term in progress.terms { parts.append(("\(term.name) \(lossText(term.value))", 7)) }
        }
        if let (metric, value) = progress.measure {
            parts.append(("\(isShort ? metric.abbreviation : metric.title) \(metric.shortText(value))", 3))
        }
        if let rate = progress.imagesPerSecond {
            parts.append((rateText(rate) + (isShort ? " img/s" : " images/s"), 4))
        }
        if let rate = progress.learningRate { parts.append(("lr \(NumberText.scientific(rate))", 5)) }
        if let left = progress.timeLeft {
            let all = progress.totalTimeLeft.flatMap { $0 > left + 1 ? ", of all \(NumberText.duration($0))" : nil }
            parts.append(("left \(NumberText.duration(left))\(all ?? "")", 2))
        }
        return parts
    }

    /// `  7/120`, so that the line does not jump while the number grows.
    static func aligned(_ number: Int, _ total: Int) -> String {
        let text = String(number)
        let all = String(total)
        return String(repeating: " ", count: max(0, all.count - text.count)) + text + "/" + all
    }

    private static func lossText(_ loss: Double) -> String {
        loss.isFinite && abs(loss) >= 1e5
            ? NumberText.scientific(loss, decimals: 3) : NumberText.fixed(loss, decimals: 4)
    }

    private static func rateText(_ rate: Double) -> String {
        guard rate.isFinite, rate < 1e12 else { return "?" }
        return rate < 10 ? NumberText.fixed(rate, decimals: 1) : NumberText.grouped(Int(bounded: rate.rounded()))
    }
}
