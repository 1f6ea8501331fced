/// A sweep's metric over the values of the varied keys.
struct SweepCharts {
    let sweep: SweepRecord
    let metric: Metric
    private let keys: [String]
    private let titles: [String]

    /// Nil where the runs are measured by different metrics, which have no common axis.
    init?(_ sweep: SweepRecord) {
        guard let metric = sweep.metric else { return nil }
        (self.sweep, self.metric) = (sweep, metric)
        keys = sweep.groupKeys
        titles = VariationNames.titles(keys)
    }

    private func score(_ run: SweepRecord.Run) -> Double? { run.score("bestValidation") }

    private func value(_ run: SweepRecord.Run, _ key: String) -> String {
        sweep.keys.firstIndex(of: key).map { run.values[$0] } ?? ""
    }

    /// The values of a key: numbers by their size, anything else in the order of the plan.
    private func values(_ key: String) -> [String] {
        var found: [String] = []
        for run in sweep.runs where !value(run, key).isEmpty && !found.contains(value(run, key)) {
            found.append(value(run, key))
        }
        let numbers = found.compactMap { Double($0) }
        guard numbers.count == found.count else { return found }
        return zip(numbers, found).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// A chart per key; of two keys each is told apart by colour in the other's.
    var section: PageSection? {
        guard sweep.runs.contains(where: { score($0) != nil }) else { return nil }
        let isPair = keys.count == 2
        let figures = keys.enumerated().compactMap { index, key -> Markup? in
            let values = values(key)
            guard values.count > 1 else { return nil }
            let other = isPair ? keys[1 - index] : nil
            let colors = other.map { self.values($0) } ?? []
            let isColored = colors.count > 1 && colors.count <= 8
            let dots = sweep.runs.compactMap { run -> ValuePlot.Dot? in
                guard let score = score(run), let place = values.firstIndex(of: self.value(run, key)) else {
                    return nil
                }
                let rest = zip(VariationNames.titles(sweep.keys), run.values).map { "\($0)=\($1)" }
                return ValuePlot.Dot(
                    place: place, score: score,
                    color: isColored ? other.flatMap { colors.firstIndex(of: value(run, $0)) } ?? 0 : 0,
                    text: rest.joined(separator: ", ") + ": " + metric.text(score))
            }
            return ValuePlot(
                title: titles[index], metric: metric, values: values, dots: dots,
                legend: isColored ? colors.map { "\(titles[1 - index])=\($0)" } : []
            ).figure
        }
        guard !figures.isEmpty else { return nil }
        let more = keys.count > 2 ? " A dot may differ from its neighbours in the other keys, too." : ""
        return PageSection(
            identifier: "keys", title: keys.count == 1 ? "The key" : "Each key",
            lead: "A ring is a run, a bar the mean of its runs.\(more)",
            body: "<div class=\"grid two\(figures.count == 1 ? " single" : "")\">\(figures)</div>")
    }

    /// The mean of each pair of values of two keys.
    var maps: PageSection? {
        guard keys.count >= 2, sweep.runs.contains(where: { score($0) != nil }) else { return nil }
        var pairs: [(Int, Int)] = []
        for a in keys.indices {
            for b in keys.indices where b > a && values(keys[a]).count > 1 && values(keys[b]).count > 1 {
                pairs.append((a, b))
            }
        }
        let cards = pairs.prefix(6).map { map($0, $1) }
        guard !cards.isEmpty else { return nil }
        return PageSection(
            identifier: "map", title: pairs.count == 1 ? "Both keys" : "Pairs of keys",
            lead: "Best validation \(metric.title), mean of the runs; the darker, the better.",
            body: "<div class=\"grid two start\">\(Array(cards))</div>")
    }

    private func map(_ first: Int, _ second: Int) -> Markup {
        let (rowValues, columnValues) = (values(keys[first]), values(keys[second]))
        var cells: [[Spread?]] = rowValues.map { _ in columnValues.map { _ in nil } }
        for (i, row) in rowValues.enumerated() {
            for (j, column) in columnValues.enumerated() {
                let own = sweep.runs.filter { value($0, keys[first]) == row && value($0, keys[second]) == column }
                cells[i][j] = Spread(own.compactMap(score))
            }
        }
        let means = cells.joined().compactMap { $0?.mean }
        let (low, high) = (means.min() ?? 0, means.max() ?? 1)
        let rows = zip(rowValues, cells).map { name, row -> Markup in
            let body = row.map { spread -> Markup in
                guard let spread else { return "<td class=\"zero\">not measured</td>" }
                let height = high > low ? (spread.mean - low) / (high - low) : 0.5
                let strength = 0.06 + 0.54 * (metric.isHigherBetter ? height : 1 - height)
                let deviation: Markup = spread.count > 1 ? " ± \(metric.spreadText(spread.deviation))" : ""
                return """
                    <td style="--a:\(NumberText.fixed(strength, decimals: 2))"><b>\(metric.text(spread.mean))</b>\(deviation)</td>
                    """
            }
            return "<tr><th scope=\"row\">\(name)</th>\(body)</tr>"
        }
        let box = ScrollBox(
            label: "\(titles[first]) and \(titles[second])",
            body: """
                <table class="matrix costs map"><thead><tr><th class="corner">\(titles[first]) ↓ \(titles[second]) →</th>\
                \(columnValues.map { Markup("<th scope=\"col\">\($0)</th>") })</tr></thead><tbody>\(rows)</tbody></table>
                """)
        return "<div class=\"card\">\(box.markup)</div>"
    }
}
