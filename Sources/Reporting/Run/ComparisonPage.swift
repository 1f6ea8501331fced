import Tensors

/// Several runs on one page: curves over each other, a table of results, and the keys that differ.
public enum ComparisonPage {
    /// The page as an HTML file that needs nothing else.
    public static func html(_ records: [RunRecord]) -> String {
        let comparison = RunComparison(records)
        let sections: [PageSection?] = [
            results(comparison), differences(comparison), curves(comparison), recall(comparison), commands(comparison),
        ]
        return Page(
            title: "\(records.count) runs · Hornbeam", header: header(comparison), sections: sections.compactMap { $0 }
        ).html
    }

    private static func accuracy(_ record: RunRecord) -> Double? { record.accuracy }

    /// What all runs are measured on; "test or validation" where they differ.
    private static func part(_ records: [RunRecord]) -> String {
        let parts = Set(records.filter { $0.summary != nil }.map(\.resultPart))
        return parts.count == 1 ? parts.first ?? "test" : parts.isEmpty ? "test" : "test or validation"
    }

    private static func header(_ comparison: RunComparison) -> Markup {
        let ranked = zip(comparison.names, comparison.records).compactMap { name, record in
            accuracy(record).map { (name: name, value: $0) }
        }.sorted { $0.value > $1.value }
        let part = part(comparison.records)
        var headline: Markup = "None of the runs is finished yet."
        if let best = ranked.first {
            headline =
                "<b>\(best.name)</b> does best: <b>\(NumberText.percentage(best.value))</b> of the \(part) images."
            let others = ranked.dropFirst().filter { $0.value == best.value }.map(\.name)
            if !others.isEmpty {
                headline =
                    "<b>\(([best.name] + others).joined(separator: ", "))</b> do best: <b>\(NumberText.percentage(best.value))</b> of the \(part) images."
            }
        }
        return """
            <p class="eyebrow">Comparison</p><h1>\(comparison.records.count) runs</h1><p class="headline">\(headline)</p>
            """
    }

    private static func results(_ comparison: RunComparison) -> PageSection? {
        let records = comparison.records
        let part = part(records)
        let columns: [(title: String, text: (Double) -> String, value: (RunRecord) -> Double?, isHighBest: Bool?)] = [
            ("\(part), last epoch", { NumberText.percentage($0) }, accuracy, true),
            ("\(part), best epoch", { NumberText.percentage($0) }, { $0.bestAccuracy }, true),
            ("\(part) loss", { NumberText.fixed($0, decimals: 4) }, { $0.loss }, false),
            (
                "best validation", { NumberText.percentage($0) },
                { $0.values("validationAccuracy").compactMap { $0 }.max() }, true
            ),
            (
                "epochs", { NumberText.grouped(Int(bounded: $0)) },
                { $0.summary?["epochs"]?.doubleValue ?? Double($0.epochs.count) }, nil
            ),
            ("parameters", RunHeader.short, { $0.run?["model"]?["parameters"]?.doubleValue }, nil),
            (
                "images/s", { NumberText.grouped(Int(bounded: $0)) }, { $0.summary?["imagesPerSecond"]?.doubleValue },
                true
            ),
            ("time", { NumberText.duration($0) }, { $0.summary?["seconds"]?.doubleValue }, nil),
            ("memory, MB", { NumberText.grouped(Int(bounded: $0)) }, { $0.summary?["peakMemoryMB"]?.doubleValue }, nil),
        ]
        let kept = columns.filter { column in records.contains { column.value($0) != nil } }
        let best = kept.map { column -> Double? in
            let values = records.compactMap(column.value)
            guard let isHighBest = column.isHighBest, Set(values).count > 1 else { return nil }
            return isHighBest ? values.max() : values.min()
        }
        let rows = records.indices.map { index -> [DataTable.Cell] in
            let key: Markup = "<i class=\"key c\(index % 8)\"></i>"
            return [
                DataTable.Cell(key + "\(comparison.names[index])"),
                .text(records[index].run?["model"]?["name"]?.stringValue ?? "", kind: "soft"),
            ]
                + zip(kept, best).map { column, best in
                    let value = column.value(records[index])
                    var cell = DataTable.Cell.number(value, column.text)
                    if value != nil, value == best { cell.kind = "best" }
                    return cell
                }
        }
        let table = DataTable(
            columns: ["run", "model"] + kept.map { .number($0.title) }, rows: rows, isSortable: true)
        return PageSection(
            identifier: "results", title: "Results", lead: "The best value of each column is in blue.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    private static func differences(_ comparison: RunComparison) -> PageSection? {
        let found = comparison.differences
        guard comparison.records.contains(where: { $0.run?["configuration"] != nil }) else { return nil }
        guard !found.isEmpty else {
            return PageSection(
                identifier: "differences", title: "Differences", lead: "All runs have the same configuration.", body: ""
            )
        }
        let rows = found.map { difference -> [DataTable.Cell] in
            [.text(difference.key, kind: "mono")]
                + difference.values.map { $0.map { .text($0, kind: "mono") } ?? .text("–", kind: "none") }
        }
        let table = DataTable(
            columns: ["key"] + comparison.names.map { DataTable.Column($0) }, rows: rows, isLimited: true)
        return PageSection(
            identifier: "differences", title: "Differences",
            lead: "The \(found.count == 1 ? "key" : "\(found.count) keys") in which the configurations differ.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    private static func curves(_ comparison: RunComparison) -> PageSection? {
        let charts: [(title: String, key: String, style: NumberStyle, logarithmic: Bool)] = [
            ("Validation accuracy", "validationAccuracy", .percentage, false),
            ("Validation loss", "validationLoss", .plain, true),
            ("Training loss", "trainLoss", .plain, true), ("Training accuracy", "trainAccuracy", .percentage, false),
            ("Test accuracy", "testAccuracy", .percentage, false), ("Learning rate", "learningRate", .plain, false),
            ("Gradient norm, median", "gradientNormMedian", .plain, true),
            ("Images per second", "imagesPerSecond", .grouped, false),
        ]
        let numbers = Set(comparison.records.flatMap(\.epochNumbers)).sorted()
        let figures = charts.compactMap { chart -> Markup? in
            let series = zip(comparison.names, comparison.records).enumerated().map { index, run in
                let values = Dictionary(
                    zip(run.1.epochNumbers, run.1.values(chart.key)).map { ($0, $1) }, uniquingKeysWith: { $1 })
                return LineChart.Series(
                    name: run.0, values: numbers.map { values[$0] ?? nil }, color: index % 8, isDashed: index >= 8)
            }
            var made = LineChart(title: chart.title, x: numbers, series: series, style: chart.style)
            made.mayBeLogarithmic = chart.logarithmic
            made.includesZero = chart.key == "imagesPerSecond"
            if chart.style == .percentage { made.limits = 0...1 }
            return made.figure
        }
        guard !figures.isEmpty else { return nil }
        return PageSection(
            identifier: "curves", title: "Curves", body: "<div class=\"grid two\">\(figures)</div>")
    }

    /// Recall by class, where all runs tell the same classes apart.
    private static func recall(_ comparison: RunComparison) -> PageSection? {
        let matrices = comparison.records.map { ConfusionMatrix($0) }
        guard let first = matrices.first ?? nil, matrices.allSatisfy({ $0?.names == first.names }) else { return nil }
        let rows = first.names.indices.filter { first.counts[$0] > 0 }.map { label -> [DataTable.Cell] in
            [.text(first.names[label]), .count(first.counts[label])] + matrices.map { .share($0?.recall(label)) }
        }
        let table = DataTable(
            columns: ["class", .number("images")] + comparison.names.map { .number($0) }, rows: rows,
            isSortable: true, isLimited: true)
        return PageSection(
            identifier: "classes", title: "Classes",
            lead: "How many \(part(comparison.records)) images of each class each run recognises.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    private static func commands(_ comparison: RunComparison) -> PageSection? {
        let rows = zip(comparison.names, comparison.records).compactMap { name, record -> [DataTable.Cell]? in
            record.run?["command"]?.stringValue.map { [.text(name), .text($0, kind: "mono")] }
        }
        guard !rows.isEmpty else { return nil }
        return PageSection(
            identifier: "commands", title: "Commands", lead: "What repeats each run.",
            body: "<div class=\"card\">\(DataTable(columns: ["run", "command"], rows: rows).markup)</div>")
    }
}
