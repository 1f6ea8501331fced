/// The results of groups of runs beside each other.
struct ResultTable {
    let comparison: RunComparison

    init(_ comparison: RunComparison) { self.comparison = comparison }

    private struct Column {
        let title: String
        let text: (Double) -> String
        let value: (RunRecord) -> Double?
        /// Whether a deviation is told beside a mean, in the same unit.
        var deviation: ((Double) -> String)?
        /// By which runs are chosen.
        var isChoosing = false
    }

    /// Runs of different metrics have no column of either.
    private var scores: [Column] {
        guard let metric = comparison.metric else { return [] }
        func column(_ title: String, isChoosing: Bool = false, _ value: @escaping (RunRecord) -> Double?) -> Column {
            Column(
                title: title, text: metric.text, value: value, deviation: metric.spreadText, isChoosing: isChoosing)
        }
        return [
            column("best validation", isChoosing: true) { $0.bestValidation },
            column("test, last epoch") { $0.score("test") }, column("test, best epoch") { $0.score("bestTest") },
            Column(
                title: "test loss", text: Metric.loss.text, value: { $0.summary?["testLoss"]?.doubleValue },
                deviation: Metric.loss.spreadText),
        ]
    }

    private var columns: [Column] {
        let count = { (value: Double) in NumberText.grouped(Int(bounded: value)) }
        func ofSummary(_ key: String) -> (RunRecord) -> Double? { { $0.summary?[key]?.doubleValue } }
        let others = [
            Column(title: "epochs", text: count) {
                $0.summary?["epochs"]?.doubleValue ?? Double($0.epochs.count)
            },
            Column(title: "parameters", text: RunHeader.short) { $0.run?["model"]?["parameters"]?.doubleValue },
            Column(title: "images/s", text: count, value: ofSummary("imagesPerSecond")),
            Column(title: "time", text: { NumberText.duration($0) }, value: ofSummary("seconds")),
            Column(title: "MB", text: count, value: ofSummary("peakMemoryMB")),
        ]
        return (scores + others).filter { column in comparison.records.contains { column.value($0) != nil } }
    }

    var section: PageSection {
        let columns = columns
        let winner = comparison.verdict.winner
        let models = comparison.records.map { $0.run?["model"]?["name"]?.stringValue ?? "" }
        let hasModels = Set(models).count > 1
        let hasSeeds = comparison.groups.contains { $0.indices.count > 1 }
        let rows = comparison.groups.enumerated().map { index, group -> [DataTable.Cell] in
            var row = [
                DataTable.Cell("<i class=\"key c\(index % 8)\(index % 16 >= 8 ? " dashed" : "")\"></i>\(group.name)")
            ]
            if hasModels { row.append(.text(models[group.indices[0]], kind: "soft")) }
            if hasSeeds { row.append(.count(group.indices.count)) }
            return row
                + columns.map { column in
                    let spread = Spread(group.indices.compactMap { column.value(comparison.records[$0]) })
                    var cell = DataTable.Cell.number(spread?.mean) { mean in
                        guard let spread, spread.count > 1, let deviation = column.deviation else {
                            return column.text(mean)
                        }
                        return column.text(mean) + " ± " + deviation(spread.deviation)
                    }
                    if column.isChoosing, index == winner { cell.kind = "best" }
                    return cell
                }
        }
        let titles: [DataTable.Column] =
            ["run"] + (hasModels ? ["model"] : []) + (hasSeeds ? [.number("seeds")] : [])
        let table = DataTable(
            columns: titles + columns.map { .number($0.title) }, rows: rows, isSortable: true, label: "Results")
        return PageSection(
            identifier: "results", title: "Results", lead: lead(hasSeeds, winner),
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    private func lead(_ hasSeeds: Bool, _ winner: Int?) -> String {
        guard let metric = comparison.metric else { return "" }
        var parts: [String] = []
        if winner != nil {
            parts.append("The validation \(metric.title) that does best is in blue; the test images choose nothing.")
        }
        if hasSeeds { parts.append("± is the standard deviation of the seeds.") }
        let errors = [RunRecord.Part.validation, .test].compactMap { part -> String? in
            let counts = Set(comparison.records.compactMap { $0.images(part) })
            guard counts.count == 1, let count = counts.first else { return nil }
            let values = comparison.records.compactMap { part == .test ? $0.lastScore : $0.bestValidation }
            guard let best = metric.best(values), part == .validation || comparison.records[0].resultPart == .test,
                let text = SamplingError.text(best, of: metric, images: count)
            else { return nil }
            return "\(NumberText.grouped(count)) \(part.rawValue) images leave an error of \(text) points"
        }
        if !errors.isEmpty { parts.append(errors.joined(separator: ", ") + ".") }
        return parts.joined(separator: " ")
    }
}
