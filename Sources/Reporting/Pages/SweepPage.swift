import RunLayout

/// The report of a sweep as an HTML file that needs nothing else: the groups' results, the metric over the values of each
/// key, and a way to every run's own report.
public enum SweepPage {
    /// More groups than these would be no curves but a thicket.
    private static let mostCurves = 16

    /// The page; runs that cannot be read have no curves.
    public static func html(_ sweep: SweepRecord) -> String {
        let charts = SweepCharts(sweep)
        let sections: [PageSection?] = [
            results(sweep), sweep.rungSection, sweep.importanceSection, charts?.section, charts?.maps, curves(sweep),
            runs(sweep),
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
        let stopped = sweep.runs.filter { $0.stoppedAfter != nil }.count
        if stopped > 0 {
            notes.append(
                "\(stopped) \(stopped == 1 ? "run was" : "runs were") stopped before the end and "
                    + "\(stopped == 1 ? "is" : "are") no candidate.")
        }
        if finished + failed + stopped < sweep.planned {
            notes.append("\(finished + failed + stopped) of \(sweep.planned) runs are done; what they left is shown.")
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

    /// A key that does not count in a configuration has no value there.
    private static func value(_ text: String) -> DataTable.Cell {
        text.isEmpty ? .text("–", kind: "soft") : .text(text, kind: "mono")
    }

    private static func cell(_ spread: Spread?, _ metric: Metric) -> DataTable.Cell {
        .number(spread?.mean) { mean in spread.map { metric.text($0) } ?? metric.text(mean) }
    }

    /// Whether the results of the test images have columns.
    private static func isTested(_ sweep: SweepRecord) -> Bool {
        sweep.metric != nil && sweep.runs.contains { $0.score("test") != nil }
    }

    private static func results(_ sweep: SweepRecord) -> PageSection? {
        guard !sweep.runs.isEmpty else { return nil }
        let winner = sweep.verdict.winner
        let isTested = isTested(sweep)
        let rows = sweep.groups.enumerated().map { index, group -> [DataTable.Cell] in
            let own = group.indices.map { sweep.runs[$0] }
            func spread(_ key: String) -> Spread? { Spread(own.compactMap { $0.summary?[key]?.doubleValue }) }
            func scores(_ metric: Metric, _ prefix: String) -> DataTable.Cell {
                cell(spread(metric.key(prefix)), metric)
            }
            let failed = own.filter { $0.failure != nil }.count
            var row = group.values.map(value)
            row.append(
                DataTable.Cell(
                    "\(own.count - failed)\(failed > 0 ? " (\(failed) failed)" : "")", order: Double(own.count - failed)
                ))
            if let metric = sweep.metric {
                var validation = scores(metric, "bestValidation")
                if index == winner { validation.kind = "best" }
                row.append(validation)
                if isTested {
                    row += [
                        scores(metric, "test"), scores(metric, "bestTest"),
                        .number(spread("testLoss")?.mean) { Metric.loss.text($0) },
                    ]
                }
            }
            return row + [.number(spread("seconds")?.mean) { NumberText.duration($0) }]
        }
        var columns = VariationNames.titles(sweep.groupKeys).map { DataTable.Column($0) }
        columns.append(.number("runs"))
        if sweep.metric != nil { columns.append(.number("best validation")) }
        if isTested { columns += [.number("test, last epoch"), .number("test, best epoch"), .number("test loss")] }
        columns.append(.number("time"))
        let table = DataTable(columns: columns, rows: rows, isSortable: true, isLimited: true, label: "Results")
        var lead = ""
        if winner != nil, let metric = sweep.metric {
            lead = "The validation \(metric.title) that does best is in blue; the test images choose nothing. "
        }
        if sweep.groups.contains(where: { $0.indices.count > 1 }) {
            lead += "± is the standard deviation of the seeds. "
        }
        let scores = sweep.runs.compactMap { $0.score("bestValidation") }
        if let metric = sweep.metric, let best = metric.best(scores),
            let images = sweep.runs.compactMap({ $0.data?.validation }).min(),
            let text = SamplingError.text(best, of: metric, images: images)
        {
            lead += "\(NumberText.grouped(images)) validation images leave an error of \(text) points."
        }
        return PageSection(
            identifier: "results", title: "Results", lead: lead, body: "<div class=\"card\">\(table.markup)</div>")
    }

    /// Curves of the groups that do best by validation.
    private static func curves(_ sweep: SweepRecord) -> PageSection? {
        let candidates = sweep.verdict.candidates
        let scores = candidates.map { Spread($0.values)?.mean }
        let metric = sweep.verdict.metric
        let order = scores.indices.sorted { first, second in
            if metric.isOrdered(scores[first], before: scores[second]) { return true }
            return !metric.isOrdered(scores[second], before: scores[first]) && first < second
        }.prefix(mostCurves).sorted()
        var records: [RunRecord] = []
        var groups: [RunGroup] = []
        for index in order {
            let found = sweep.groups[index].indices.prefix(8).compactMap { position in
                try? RunRecord(folder: sweep.path + "/" + sweep.runs[position].folder, withSnapshots: false)
            }.filter { !$0.epochs.isEmpty }
            guard !found.isEmpty else { continue }
            groups.append(
                RunGroup(
                    name: candidates[index].name,
                    indices: Array(records.count..<records.count + found.count)))
            records += found
        }
        // The test images choose nothing here, and speed is in the runs' own reports.
        let omitted: Set = ["imagesPerSecond", metric.key("test"), Metric.loss.key("test")]
        var section = GroupCurves(records: records, groups: groups).section(omitting: omitted)
        if sweep.groups.count > groups.count, !groups.isEmpty {
            section?.lead +=
                " Of \(sweep.groups.count) configurations the best \(groups.count) by validation are drawn."
        }
        return section
    }

    private static func runs(_ sweep: SweepRecord) -> PageSection? {
        guard !sweep.runs.isEmpty else { return nil }
        let isTested = isTested(sweep)
        let rows = sweep.runs.map { run -> [DataTable.Cell] in
            var row = run.values.map(value)
            if let metric = sweep.metric {
                row.append(.number(run.score("bestValidation") ?? run.atRungs.last, metric.text))
                if isTested { row.append(.number(run.score("test"), metric.text)) }
            }
            row.append(.number(run.summary?["seconds"]?.doubleValue) { NumberText.duration($0) })
            let link = Markup(raw: Markup.escaped(percentEncoded(run.folder)) + "/" + RunFiles.reportPage)
            row.append(
                run.failure.map { .text("failed: \($0)", kind: "set") }
                    ?? (run.hasReport
                        ? DataTable.Cell("<a href=\"\(link)\">report</a>")
                        : .text(run.summary == nil ? "not finished" : "no report", kind: "soft")))
            if !sweep.rungs.isEmpty {
                row.append(
                    .number((run.stoppedAfter ?? run.summary?["epochs"]?.integerValue).map(Double.init)) {
                        "\(Int($0))"
                    })
            }
            return row
        }
        var columns = VariationNames.titles(sweep.keys).map { DataTable.Column($0) }
        if sweep.metric != nil { columns.append(.number("best validation")) }
        if isTested { columns.append(.number("test, last epoch")) }
        columns += [.number("time"), "report"]
        if !sweep.rungs.isEmpty { columns.append(.number("epochs")) }
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
