import JSON

/// Whether a classifier's probabilities can be believed, as a diagram: the share of right answers over their
/// probability.
struct CalibrationSection {
    private let bins: [(count: Int, right: Int, confidence: Double)]
    private let record: RunRecord

    /// - Returns: nil for runs that did not write it down, or without images.
    init?(_ record: RunRecord) {
        let bins = (record.result?["calibration"]?.arrayValue ?? []).compactMap {
            entry -> (count: Int, right: Int, confidence: Double)? in
            guard let values = entry.arrayValue, values.count == 3, let count = values[0].integerValue,
                let right = values[1].integerValue, let confidence = values[2].doubleValue, count >= 0
            else { return nil }
            return (count, right, confidence)
        }
        guard bins.contains(where: { $0.count > 0 }) else { return nil }
        (self.bins, self.record) = (bins, record)
    }

    /// The expected calibration error (Guo et al., 2017).
    var error: Double {
        let count = bins.reduce(0) { $0 + $1.count }
        return bins.reduce(0) { $0 + abs(Double($1.right) - $1.confidence) } / Double(max(1, count))
    }

    var section: PageSection {
        let count = bins.reduce(0) { $0 + $1.count }
        let confidence = bins.reduce(0) { $0 + $1.confidence } / Double(max(1, count))
        let right = Double(bins.reduce(0) { $0 + $1.right }) / Double(max(1, count))
        func share(_ value: Double) -> String { NumberText.percentage(value, decimals: 1) }
        let verdict = confidence > right ? "too sure of itself" : "less sure than it could be"
        let charts = [chart, counts].compactMap(\.figure)
        return PageSection(
            identifier: "calibration", title: "Can its probabilities be believed?",
            lead:
                "Its answers have a probability of \(share(confidence)) on average, and \(share(right)) of them are right: it is "
                + "\(verdict). The expected calibration error is \(share(error)) (\(bins.count) bins). "
                + "evaluation.temperature: true fits the probabilities to the validation images. \(record.shownWeights)",
            body: "<div class=\"grid two\">\(charts)</div>")
    }

    private var middles: [Double] { bins.indices.map { (Double($0) + 0.5) / Double(bins.count) } }

    /// Right answers over probability, with what would be perfect.
    private var chart: LineChart {
        var chart = LineChart(
            title: "Right answers by their probability", caption: "on the dashed line where probabilities are true",
            x: middles, xTitle: "probability of the answer",
            series: [
                .init(
                    name: "right answers",
                    values: bins.map { $0.count > 0 ? Double($0.right) / Double($0.count) : nil },
                    color: 0),
                .init(
                    name: "their probability",
                    values: bins.map { $0.count > 0 ? $0.confidence / Double($0.count) : nil }, color: 1,
                    isDashed: true),
            ], style: .percentage)
        chart.horizontal.isWhole = false
        chart.vertical.limits = 0...1
        chart.vertical.includesZero = true
        return chart
    }

    private var counts: LineChart {
        let count = Double(max(1, bins.reduce(0) { $0 + $1.count }))
        var chart = LineChart(
            title: "Answers by their probability", caption: "share of all images", x: middles,
            xTitle: "probability of the answer",
            series: [.init(name: "answers", values: bins.map { Double($0.count) / count }, color: 0)],
            style: .percentage)
        chart.horizontal.isWhole = false
        chart.vertical.includesZero = true
        return chart
    }
}
