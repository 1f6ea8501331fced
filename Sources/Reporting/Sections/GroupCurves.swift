/// Curves of several groups of runs over each other: the mean of each group's seeds with a band of their deviation.
struct GroupCurves {
    let records: [RunRecord]
    let groups: [RunGroup]

    /// What may lie along the horizontal axis.
    private enum Abscissa: String, CaseIterable {
        case epochs, updates, seconds

        /// What a position is called where it is read off.
        var title: String {
            switch self {
            case .epochs: "epoch"
            case .updates: "update"
            case .seconds: "seconds"
            }
        }
    }

    private struct Chart {
        let title: String
        let key: String
        var style = NumberStyle.plain
        var isLogarithmic = false
        /// What is drawn, where that is a metric.
        var metric: Metric?

        init(_ name: String, _ metric: Metric, of prefix: String) {
            (title, key, style) = ("\(name) \(metric.title)", metric.key(prefix), metric.numberStyle)
            isLogarithmic = metric.style == .plain && !metric.isHigherBetter
            self.metric = metric
        }

        init(title: String, key: String, style: NumberStyle = .plain, isLogarithmic: Bool = false) {
            (self.title, self.key, self.style, self.isLogarithmic) = (title, key, style, isLogarithmic)
        }
    }

    /// The losses and metrics of runs that share a metric; those of different tasks have no common axis.
    private var measures: [Chart] {
        guard let metric = Metric.common(records.map(\.primary)) else { return [] }
        let losses = [
            Chart("Validation", .loss, of: "validation"), Chart("Training", .loss, of: "train"),
        ]
        guard metric.name != Metric.loss.name else { return losses + [Chart("Test", .loss, of: "test")] }
        return [Chart("Validation", metric, of: "validation")] + losses
            + [Chart("Training", metric, of: "train"), Chart("Test", metric, of: "test")]
    }

    private static let others = [
        Chart(title: "Learning rate", key: "learningRate"),
        Chart(title: "Gradient norm, median", key: "gradientNormMedian", isLogarithmic: true),
        Chart(title: "Images per second", key: "imagesPerSecond", style: .grouped),
    ]

    /// The charts with a switch for their horizontal axis; nil where no run has an epoch.
    /// - Parameter omitted: keys of the log that are not drawn.
    func section(omitting omitted: Set<String> = []) -> PageSection? {
        let axes = abscissae
        var figures = (measures + Self.others).filter { !omitted.contains($0.key) }.compactMap { chart in
            LineChart.figure(axes.map { self.chart(chart, $0) })
        }
        guard !figures.isEmpty else { return nil }
        // An empty place in a row of two looks like a chart that failed.
        if figures.count > 1, !figures.count.isMultiple(of: 2) { figures.removeLast() }
        let options = axes.enumerated().map { index, axis -> Markup in
            """
            <input type="radio" name="axis" id="axis-\(index)"\(index == 0 ? " checked" : "")><label for="axis-\(index)">\(axis.rawValue)</label>
            """
        }
        let choice: Markup =
            axes.count > 1
            ? "<div class=\"switch\" role=\"group\" aria-label=\"Horizontal axis\"><span>Over</span>\(options)</div>"
            : ""
        let hasSeeds = groups.contains { $0.indices.count > 1 }
        return PageSection(
            identifier: "curves", title: "Curves",
            lead: (hasSeeds ? "Means over the seeds, with a band of one standard deviation to either side. " : "")
                + "A click on a name hides its curve in all charts.",
            body: "<div class=\"switched\">\(choice)<div class=\"grid two\" data-linked>\(figures)</div></div>")
    }

    /// Updates are left out where they tell no more than epochs.
    private var abscissae: [Abscissa] {
        func positions(_ key: String) -> Set<[Double]> { Set(records.map { $0.values(key).compactMap { $0 } }) }
        let updates = records.map { record -> Double? in
            let pairs = zip(record.epochNumbers, record.values("update")).compactMap { epoch, update in
                update.flatMap { epoch > 0 ? $0 / epoch : nil }
            }
            return pairs.last
        }
        let rates = Set(updates.compactMap { $0 })
        return Abscissa.allCases.filter { axis in
            switch axis {
            case .epochs: true
            case .updates: rates.count > 1 && !updates.contains(nil)
            case .seconds: !positions("seconds").contains([])
            }
        }
    }

    private func chart(_ chart: Chart, _ axis: Abscissa) -> LineChart {
        let lines = groups.map { line(of: $0, chart.key, axis) }
        let x = Array(Set(lines.flatMap { $0.map(\.x) })).sorted()
        let series = zip(groups, lines).enumerated().map { index, pair -> LineChart.Series in
            let (group, line) = pair
            var series = LineChart.Series(
                name: group.name, values: Self.sampled(line.map { ($0.x, $0.mean) }, x), color: index % 8,
                isDashed: index % 16 >= 8)
            if group.indices.count > 1 {
                let lows = Self.sampled(line.map { ($0.x, $0.mean - $0.deviation) }, x)
                let highs = Self.sampled(line.map { ($0.x, $0.mean + $0.deviation) }, x)
                series.spread = zip(lows, highs).map { low, high in low.flatMap { low in high.map { (low, $0) } } }
            }
            return series
        }
        var made = LineChart(title: chart.title, x: x, xTitle: axis.title, series: series, style: chart.style)
        made.vertical.mayBeLogarithmic = chart.isLogarithmic
        made.horizontal.isWhole = axis != .seconds
        made.vertical.includesZero = chart.key == "imagesPerSecond"
        made.vertical.limits = chart.metric?.limits
        if chart.metric?.fillsTheTop == true {
            let most = series.flatMap { $0.spread.compactMap { $0?.high } }.max() ?? 0
            made.vertical.window = LineChart.window(series.map { ($0.values.compactMap { $0 }, 0.2) }).map {
                $0.lowerBound...max($0.upperBound, min(most, 1))
            }
            if made.vertical.window != nil { made.caption = "the first epochs lie below the axis" }
        }
        return made
    }

    private typealias Point = (x: Double, mean: Double, deviation: Double)

    /// The mean and the deviation of a group's runs at each epoch, and where that lies on the axis.
    private func line(of group: RunGroup, _ key: String, _ axis: Abscissa) -> [Point] {
        var values: [Double: (x: [Double], y: [Double])] = [:]
        for record in group.indices.map({ records[$0] }) {
            var clock = EventClock(start: 0)
            let updates = record.values("update")
            for (index, epoch) in record.epochNumbers.enumerated() {
                let seconds = clock.time(of: record.epochs[index])
                guard let y = record.values(key, at: index) else { continue }
                let x: Double? =
                    switch axis {
                    case .epochs: epoch
                    case .updates: updates[index]
                    case .seconds: seconds
                    }
                guard let x else { continue }
                values[epoch, default: ([], [])].x.append(x)
                values[epoch, default: ([], [])].y.append(y)
            }
        }
        return values.compactMap { _, found -> Point? in
            guard let spread = Spread(found.y), let x = Spread(found.x) else { return nil }
            return (x.mean, spread.mean, spread.deviation)
        }.sorted { $0.x < $1.x }
    }

    /// The line's values at some positions: those between two of its points lie on the straight line between them, those
    /// beyond its ends have none.
    static func sampled(_ line: [(x: Double, y: Double)], _ positions: [Double]) -> [Double?] {
        var next = 0
        return positions.map { position in
            while next < line.count, line[next].x < position { next += 1 }
            guard next < line.count else { return nil }
            if line[next].x == position { return line[next].y }
            guard next > 0 else { return nil }
            let (a, b) = (line[next - 1], line[next])
            return a.y + (b.y - a.y) * (position - a.x) / (b.x - a.x)
        }
    }
}

extension RunRecord {
    /// A finite number of one epoch.
    fileprivate func values(_ name: String, at index: Int) -> Double? {
        epochs[index][name]?.doubleValue.flatMap { $0.isFinite ? $0 : nil }
    }
}
