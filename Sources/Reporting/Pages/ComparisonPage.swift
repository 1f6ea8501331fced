/// Several runs on one page: curves over each other, a table of results, and the keys that differ.
///
/// Runs that differ in their seed alone are one group. Validation chooses; where the data differ, or a lead is within the
/// error, nothing is chosen.
public enum ComparisonPage {
    /// The page as an HTML file that needs nothing else.
    public static func html(_ records: [RunRecord]) -> String {
        let comparison = RunComparison(records)
        let sections: [PageSection?] =
            [
                ResultTable(comparison).section, seeds(comparison), differences(comparison),
                GroupCurves(records: records, groups: comparison.groups).section(),
            ] + (comparison.taskSections?.sections(comparison) ?? []) + [commands(comparison)]
        return Page(
            title: "\(records.count) runs · Hornbeam", header: header(comparison), sections: sections.compactMap { $0 }
        ).html
    }

    private static func header(_ comparison: RunComparison) -> Markup {
        let finished = comparison.records.filter(\.isFinished)
        let verdict = comparison.verdict
        var headline: Markup = "None of the runs is finished yet."
        if !finished.isEmpty { headline = verdict.headline }
        let left = comparison.records.count - finished.count
        let note: Markup =
            left > 0 && !finished.isEmpty
            ? "<p class=\"warning\">\(left) of \(comparison.records.count) runs \(left == 1 ? "is" : "are") not finished and no candidate\(left == 1 ? "" : "s").</p>"
            : ""
        let runs = "\(comparison.records.count) \(comparison.records.count == 1 ? "run" : "runs")"
        let title =
            comparison.groups.count < comparison.records.count
            ? "\(runs), \(comparison.groups.count) \(comparison.groups.count == 1 ? "configuration" : "configurations")"
            : runs
        return """
            <p class="eyebrow">Comparison</p><h1>\(title)</h1><p class="headline">\(headline)</p>\(note)
            """
    }

    /// Each seed of the groups that have several.
    private static func seeds(_ comparison: RunComparison) -> PageSection? {
        guard comparison.groups.contains(where: { $0.indices.count > 1 }) else { return nil }
        let isTested = comparison.records.contains { $0.resultPart == .test }
        let rows = comparison.groups.enumerated().flatMap { index, group -> [[DataTable.Cell]] in
            group.indices.map { position in
                let record = comparison.records[position]
                var row: [DataTable.Cell] = [
                    DataTable.Cell("<i class=\"key c\(index % 8)\"></i>\(comparison.names[position])"),
                    .text(record.seed ?? "–", kind: "soft"),
                ]
                if let metric = comparison.metric {
                    row.append(.number(record.isFinished ? record.bestValidation : nil) { metric.text($0) })
                    if isTested { row.append(.number(record.lastScore) { metric.text($0) }) }
                }
                return row + [.number(record.summary?["seconds"]?.doubleValue) { NumberText.duration($0) }]
            }
        }
        var columns: [DataTable.Column] = ["run", "seed"]
        if comparison.metric != nil {
            columns += [.number("best validation")] + (isTested ? [.number("test, last epoch")] : [])
        }
        let table = DataTable(
            columns: columns + [.number("time")], rows: rows, isSortable: true, isLimited: true, label: "Each run")
        return PageSection(
            identifier: "seeds", title: "Seeds", lead: "Runs that differ in run.seed alone are one row above.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    private static func differences(_ comparison: RunComparison) -> PageSection? {
        let found = comparison.differences.filter { $0.key != "run.output" }
        guard comparison.records.contains(where: { $0.run?["configuration"] != nil }) else { return nil }
        guard !found.isEmpty else {
            return PageSection(
                identifier: "differences", title: "Differences", lead: "All runs have the same configuration.", body: ""
            )
        }
        let columns = comparison.groups.map { DataTable.Column($0.name) }
        let rows = found.map { difference -> [DataTable.Cell] in
            [.text(difference.key, kind: "mono")]
                + comparison.groups.map { group in
                    let values = group.indices.map { difference.values[$0] ?? "–" }
                    let unique = values.enumerated().filter { values.firstIndex(of: $1) == $0 }.map(\.element)
                    let text = unique.joined(separator: ", ")
                    return .text(text, kind: text == "–" ? "none" : "mono")
                }
        }
        let table = DataTable(
            columns: ["key"] + columns, rows: rows, isLimited: true, label: "Keys in which the runs differ")
        return PageSection(
            identifier: "differences", title: "Differences",
            lead: "The \(found.count == 1 ? "key" : "\(found.count) keys") in which the configurations differ.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    private static func commands(_ comparison: RunComparison) -> PageSection? {
        let rows = zip(comparison.names, comparison.records).compactMap { name, record -> [DataTable.Cell]? in
            record.run?["command"]?.stringValue.map { [.text(name), .text($0, kind: "mono")] }
        }
        guard !rows.isEmpty else { return nil }
        let table = DataTable(columns: ["run", "command"], rows: rows, isLimited: true, label: "Commands")
        return PageSection(
            identifier: "commands", title: "Commands", lead: "What repeats each run.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }
}
