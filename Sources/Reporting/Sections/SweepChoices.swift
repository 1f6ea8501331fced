// What a sweep's page says of its rungs and of its keys.
extension SweepRecord {
    /// How many configurations went on from each rung; nil where none was stopped.
    var rungSection: PageSection? {
        guard let metric, !rungs.isEmpty else { return nil }
        let rows = rungs.map { rung -> [DataTable.Cell] in
            let stopped = rung.scores.indices.filter { !rung.survivors.contains($0) }.compactMap { rung.scores[$0] }
            let kept = rung.survivors.compactMap { rung.scores[$0] }
            let worst = metric.isHigherBetter ? kept.min() : kept.max()
            return [
                .count(rung.epoch), .count(rung.scores.count), .count(rung.survivors.count),
                .number(metric.best(kept), metric.text), .number(worst, metric.text),
                .number(metric.best(stopped), metric.text),
            ]
        }
        let table = DataTable(
            columns: [
                .number("after epoch"), .number("configurations"), .number("went on"), .number("best"),
                .number("worst that went on"), .number("best that was stopped"),
            ], rows: rows, label: "Rungs")
        return PageSection(
            identifier: "rungs", title: "Rungs",
            lead:
                "Successive halving: at each rung the best by validation \(metric.title) go on. What was stopped is no candidate.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    /// How much of the spread each key accounts for; nil where too few runs tell.
    var importanceSection: PageSection? {
        let found = importance
        guard let metric, !found.isEmpty else { return nil }
        let titles = Dictionary(zip(keys, VariationNames.titles(keys)), uniquingKeysWith: { $1 })
        let rows = found.map { entry -> [DataTable.Cell] in
            let order = entry.levels.indices.sorted {
                metric.isOrdered(entry.levels[$0].mean, before: entry.levels[$1].mean)
            }
            func cell(_ index: Int?) -> DataTable.Cell {
                guard let index else { return .text("–", kind: "soft") }
                let level = entry.levels[index]
                return .text("\(level.name): \(metric.text(level.mean))")
            }
            return [
                .text(titles[entry.key] ?? entry.key, kind: "mono"), .share(entry.share), cell(order.first),
                cell(order.last), .count(entry.levels.reduce(0) { $0 + $1.runs }),
            ]
        }
        let table = DataTable(
            columns: ["key", .number("share of the spread"), "best values", "worst values", .number("runs")],
            rows: rows,
            label: "How much each key matters")
        let place = rungs.first.map { " after epoch \($0.epoch), which all runs have seen" } ?? ""
        return PageSection(
            identifier: "importance", title: "How much each key matters",
            lead: """
                The share of the variance of validation \(metric.title)\(place) that a key accounts for by itself (main effects of a \
                functional analysis of variance, as ε²). The rest is of keys that act together, of seeds and of chance.
                """,
            body: "<div class=\"card\">\(table.markup)</div>")
    }
}
