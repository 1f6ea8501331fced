/// The loss over a growing learning rate as an HTML file that needs nothing else.
package enum LearningRatePage {
    /// - Parameters:
    ///   - title: what was trained, such as the name of the configuration.
    ///   - lead: what the curve showed, in a sentence.
    ///   - facts: what was trained with which batches, a name and a value each.
    ///   - command: what repeats the measurement.
    ///   - learningRates: one for each update, growing.
    ///   - notes: learning rates that are worth a name.
    package static func html(
        title: String, lead: String, facts: [(name: String, value: String)] = [], command: String? = nil,
        learningRates: [Double], losses: [Double], smoothed: [Double], notes: [(learningRate: Double, text: String)]
    ) -> String {
        // A diverging end would press the rest of the curve flat: what lies above is cut off at the frame.
        let top = 1.2 * max(smoothed.first ?? 1, smoothed.prefix(20).max() ?? 1)
        let low = min(smoothed.min() ?? 0, losses.filter(\.isFinite).min() ?? 0)
        var chart = LineChart(
            title: "Loss over learning rate", caption: "each update with a larger learning rate", x: learningRates,
            xTitle: "learning rate",
            series: [
                .init(name: "batch", values: losses.map { $0.isFinite ? $0 : nil }, color: 1, isFaint: true),
                .init(name: "smoothed", values: smoothed.map { $0.isFinite ? $0 : nil }, color: 0),
            ])
        chart.horizontal.isLogarithmic = true
        if low < top, (smoothed + losses).contains(where: { $0 > top }) { chart.vertical.window = low...top }
        chart.marks = notes.sorted { $0.learningRate < $1.learningRate }.map { (x: $0.learningRate, text: $0.text) }
        (chart.width, chart.height) = (1100, 380)
        let items = facts.map { Markup("<li><span>\($0.name)</span><strong>\($0.value)</strong></li>") }
        let list: Markup = items.isEmpty ? "" : "<ul class=\"facts\">\(items)</ul>"
        let repeated: Markup =
            command.map { "<div class=\"command\"><span>Repeat with</span><code>\($0)</code></div>" } ?? ""
        return Page(
            title: "Learning rate of \(title) · Hornbeam",
            header: """
                <p class="eyebrow">Search for a learning rate</p><h1>Learning rate of \(title)</h1>
                <p class="headline">\(lead)</p>\(list)\(repeated)
                """,
            sections: [
                PageSection(
                    identifier: "curve", title: "Curve",
                    lead:
                        "The suggestion is a tenth of the rate with the lowest smoothed loss; the batch's own loss is thin.",
                    body: chart.figure ?? ""), table(learningRates, losses, smoothed),
            ]
        ).html
    }

    private static func table(_ rates: [Double], _ losses: [Double], _ smoothed: [Double]) -> PageSection {
        let rows = rates.indices.map { index -> [DataTable.Cell] in
            [
                .count(index + 1), .number(rates[index]) { NumberText.scientific($0, decimals: 2) },
                .number(losses[index]) { NumberText.fixed($0, decimals: 4) },
                .number(smoothed[index]) { NumberText.fixed($0, decimals: 4) },
            ]
        }
        let table = DataTable(
            columns: [.number("update"), .number("learning rate"), .number("loss"), .number("smoothed")],
            rows: Array(rows.prefix(2000)), isLimited: true, label: "Losses of all updates")
        return PageSection(
            identifier: "numbers", title: "Numbers", body: "<div class=\"card\">\(table.markup)</div>")
    }
}
