import Tensors

/// The report of a sweep as an HTML file that needs nothing else: the groups' results, accuracy over the values of each
/// key, and a way to every run's own report.
public enum SweepPage {
    /// More groups than these would be no curves but a thicket.
    private static let mostCurves = 16

    /// The page; runs that cannot be read have no curves.
    public static func html(_ sweep: SweepRecord) -> String {
        let sections: [PageSection?] = [
            results(sweep), SweepCharts(sweep).section, SweepCharts(sweep).maps, curves(sweep), runs(sweep),
        ]
        return Page(
            title: "\(sweep.name) · Hornbeam", header: header(sweep), sections: sections.compactMap { $0 }
        ).html
    }

    private static func header(_ sweep: SweepRecord) -> Markup {
        let finished = sweep.runs.filter { $0.summary != nil }.count
        let failed = sweep.runs.filter { $0.failure != nil }.count
        let headline: Markup =
            finished == 0 ? "None of the runs is finished yet." : sweep.verdict.headline
        var notes: [String] = []
        if finished + failed < sweep.planned {
            notes.append("\(finished + failed) of \(sweep.planned) runs are done; what they left is shown.")
        }
        if failed > 0 {
            notes.append(
                "\(failed) \(failed == 1 ? "run" : "runs") failed and \(failed == 1 ? "is" : "are") no candidate.")
        }
        let seconds = sweep.runs.compactMap { $0.summary?["seconds"]?.doubleValue }.reduce(0, +)
        let seeds = Set(sweep.runs.compactMap { sweep.seed($0) }).count
        var facts: [(String, String)] = [
            ("Runs", NumberText.grouped(sweep.runs.count)), ("Configurations", NumberText.grouped(sweep.groups.count)),
        ]
        if seeds > 0 { facts.append(("Seeds", "\(seeds)")) }
        if let images = sweep.runs.lazy.compactMap({ $0.data?.validation }).first, images > 0 {
            facts.append(("Validation images", NumberText.grouped(images)))
        }
        if seconds > 0 { facts.append(("Time of all", NumberText.duration(seconds))) }
        let items = facts.map { Markup("<li><span>\($0.0)</span><strong>\($0.1)</strong></li>") }
        return """
            <p class="eyebrow">Sweep over \(sweep.groupKeys.isEmpty ? "seeds" : sweep.groupKeys.joined(separator: ", "))</p>
            <h1>\(sweep.name)</h1><p class="headline">\(headline)</p>
            \(notes.map { Markup("<p class=\"warning\">\($0)</p>") })<ul class="facts">\(items)</ul>
            """
    }

    private static func share(_ spread: Spread?) -> DataTable.Cell {
        .number(spread?.mean) { mean in
            guard let spread, spread.count > 1 else { return NumberText.percentage(mean) }
            return NumberText.percentage(mean) + " ± " + NumberText.fixed(100 * spread.deviation, decimals: 2)
        }
    }

    private static func results(_ sweep: SweepRecord) -> PageSection? {
        guard !sweep.runs.isEmpty else { return nil }
        let winner = sweep.verdict.winner
        let isTested = sweep.runs.contains { $0.summary?["testAccuracy"]?.doubleValue != nil }
        let rows = sweep.groups.enumerated().map { index, group -> [DataTable.Cell] in
            let own = group.indices.map { sweep.runs[$0] }
            func spread(_ key: String) -> Spread? { Spread(own.compactMap { $0.summary?[key]?.doubleValue }) }
            let failed = own.filter { $0.failure != nil }.count
            var validation = share(spread("bestValidationAccuracy"))
            if index == winner { validation.kind = "best" }
            var row: [DataTable.Cell] = group.values.map { .text($0, kind: "mono") }
            row.append(
                DataTable.Cell(
                    "\(own.count - failed)\(failed > 0 ? " (\(failed) failed)" : "")", order: Double(own.count - failed)
                ))
            row.append(validation)
            if isTested {
                row += [
                    share(spread("testAccuracy")), share(spread("bestTestAccuracy")),
                    .number(spread("testLoss")?.mean) { NumberText.fixed($0, decimals: 4) },
                ]
            }
            return row + [.number(spread("seconds")?.mean) { NumberText.duration($0) }]
        }
        var columns = VariationNames.titles(sweep.groupKeys).map { DataTable.Column($0) }
        columns += [.number("runs"), .number("best validation")]
        if isTested { columns += [.number("test, last epoch"), .number("test, best epoch"), .number("test loss")] }
        columns.append(.number("time"))
        let table = DataTable(columns: columns, rows: rows, isSortable: true, isLimited: true, label: "Results")
        var lead =
            winner == nil ? "" : "The validation accuracy that does best is in blue; the test images choose nothing. "
        if sweep.groups.contains(where: { $0.indices.count > 1 }) {
            lead += "± is the standard deviation of the seeds. "
        }
        let best = sweep.runs.compactMap { $0.summary?["bestValidationAccuracy"]?.doubleValue }.max()
        if let best, let images = sweep.runs.compactMap({ $0.data?.validation }).min(),
            let text = SamplingError.text(best, images: images)
        {
            lead += "\(NumberText.grouped(images)) validation images leave an error of \(text) points."
        }
        return PageSection(
            identifier: "results", title: "Results", lead: lead, body: "<div class=\"card\">\(table.markup)</div>")
    }

    /// Curves of the groups that do best by validation.
    private static func curves(_ sweep: SweepRecord) -> PageSection? {
        let scores = sweep.verdict.candidates.map { Spread($0.values)?.mean ?? -1 }
        let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(mostCurves).sorted()
        var records: [RunRecord] = []
        var groups: [RunGroup] = []
        for index in order {
            let found = sweep.groups[index].indices.prefix(8).compactMap { position in
                try? RunRecord(folder: sweep.path + "/" + sweep.runs[position].folder)
            }.filter { !$0.epochs.isEmpty }
            guard !found.isEmpty else { continue }
            groups.append(
                RunGroup(
                    name: sweep.verdict.candidates[index].name,
                    indices: Array(records.count..<records.count + found.count)))
            records += found
        }
        let keys: Set = [
            "validationAccuracy", "validationLoss", "trainLoss", "trainAccuracy", "learningRate", "gradientNormMedian",
        ]
        var section = GroupCurves(records: records, groups: groups).section(keys: keys)
        if sweep.groups.count > groups.count, !groups.isEmpty {
            section?.lead +=
                " Of \(sweep.groups.count) configurations the best \(groups.count) by validation are drawn."
        }
        return section
    }

    private static func runs(_ sweep: SweepRecord) -> PageSection? {
        guard !sweep.runs.isEmpty else { return nil }
        let isTested = sweep.runs.contains { $0.summary?["testAccuracy"]?.doubleValue != nil }
        let rows = sweep.runs.map { run -> [DataTable.Cell] in
            var row: [DataTable.Cell] = run.values.map { .text($0, kind: "mono") }
            func number(_ key: String) -> DataTable.Cell {
                .number(run.summary?[key]?.doubleValue) { NumberText.percentage($0) }
            }
            row.append(number("bestValidationAccuracy"))
            if isTested { row.append(number("testAccuracy")) }
            row.append(.number(run.summary?["seconds"]?.doubleValue) { NumberText.duration($0) })
            let link = Markup(raw: Markup.escaped(percentEncoded(run.folder)) + "/report.html")
            row.append(
                run.failure.map { .text("failed: \($0)", kind: "set") }
                    ?? (run.hasReport
                        ? DataTable.Cell("<a href=\"\(link)\">report</a>")
                        : .text(run.summary == nil ? "not finished" : "no report", kind: "soft")))
            return row
        }
        var columns = VariationNames.titles(sweep.keys).map { DataTable.Column($0) } + [.number("best validation")]
        if isTested { columns.append(.number("test, last epoch")) }
        columns += [.number("time"), "report"]
        let table = DataTable(columns: columns, rows: rows, isSortable: true, isLimited: true, label: "Each run")
        return PageSection(
            identifier: "runs", title: "Runs", lead: "Every run has a report of its own.",
            body: "<div class=\"card\">\(table.markup)</div>")
    }

    /// A folder's name within a link.
    private static func percentEncoded(_ name: String) -> String {
        name.utf8.map { byte in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_.,=+~".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain
                ? String(UnicodeScalar(byte)) : "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }
}
