import Tensors

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

    private static func share(
        _ title: String, isChoosing: Bool = false, _ value: @escaping (RunRecord) -> Double?
    ) -> Column {
        Column(
            title: title, text: { NumberText.percentage($0) }, value: value,
            deviation: { NumberText.fixed(100 * $0, decimals: 2) }, isChoosing: isChoosing)
    }

    private var columns: [Column] {
        let count = { (value: Double) in NumberText.grouped(Int(bounded: value)) }
        let fixed = { (value: Double) in NumberText.fixed(value, decimals: 4) }
        func ofSummary(_ key: String) -> (RunRecord) -> Double? { { $0.summary?[key]?.doubleValue } }
        return [
            Self.share("best validation", isChoosing: true) { $0.bestValidation },
            Self.share("test, last epoch", ofSummary("testAccuracy")),
            Self.share("test, best epoch", ofSummary("bestTestAccuracy")),
            Column(title: "test loss", text: fixed, value: ofSummary("testLoss"), deviation: fixed),
            Column(title: "epochs", text: count) {
                $0.summary?["epochs"]?.doubleValue ?? Double($0.epochs.count)
            },
            Column(title: "parameters", text: RunHeader.short) { $0.run?["model"]?["parameters"]?.doubleValue },
            Column(title: "images/s", text: count, value: ofSummary("imagesPerSecond")),
            Column(title: "time", text: { NumberText.duration($0) }, value: ofSummary("seconds")),
            Column(title: "MB", text: count, value: ofSummary("peakMemoryMB")),
        ].filter { column in comparison.records.contains { column.value($0) != nil } }
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
        var parts: [String] = []
        if winner != nil {
            parts.append("The validation accuracy that does best is in blue; the test images choose nothing.")
        }
        if hasSeeds { parts.append("± is the standard deviation of the seeds.") }
        let errors = [RunRecord.Part.validation, .test].compactMap { part -> String? in
            let counts = Set(comparison.records.compactMap { $0.images(part) })
            guard counts.count == 1, let count = counts.first else { return nil }
            let values = comparison.records.compactMap { part == .test ? $0.lastAccuracy : $0.bestValidation }
            guard let best = values.max(), part == .validation || comparison.records[0].resultPart == .test,
                let text = SamplingError.text(best, images: count)
            else { return nil }
            return "\(NumberText.grouped(count)) \(part.rawValue) images leave an error of \(text) points"
        }
        if !errors.isEmpty { parts.append(errors.joined(separator: ", ") + ".") }
        return parts.joined(separator: " ")
    }
}
