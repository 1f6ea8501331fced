import JSON

/// Regression: how near numbers come to the true ones.
enum QuantitySections: TaskSections {
    static let task = "regression"

    static func sections(_ record: RunRecord) -> [PageSection] {
        [
            targets(record), WorstImages.section(record, lead: "whose answers are farthest off, in deviations"),
            SampleRows.section(record, legend: ""),
        ].compactMap { $0 }
    }

    private static func targets(_ record: RunRecord) -> PageSection? {
        let entries = record.result?["targets"]?.arrayValue ?? []
        guard !entries.isEmpty else { return nil }
        func number(_ entry: JSONValue, _ key: String) -> DataTable.Cell {
            .number(entry[key]?.doubleValue) { NumberStyle.plain.text($0) }
        }
        let table = DataTable(
            columns: [
                "target", .number("R²"), .number("mean absolute error"), .number("root mean squared error"),
                .number("bias"),
            ],
            rows: entries.map { entry in
                [.text(entry["target"]?.stringValue ?? "?")]
                    + ["rSquared", "meanAbsoluteError", "rootMeanSquaredError", "bias"].map { number(entry, $0) }
            }, isSortable: true, label: "Figures of each target")
        let charts = entries.prefix(24).compactMap { entry -> Markup? in
            let points = (entry["points"]?.arrayValue ?? []).compactMap { point -> (x: Double, y: Double)? in
                guard let values = point.arrayValue, values.count == 2, let x = values[0].doubleValue,
                    let y = values[1].doubleValue
                else { return nil }
                return (x, y)
            }
            return ScatterPlot(
                title: entry["target"]?.stringValue ?? "?", caption: "on the dashed line where answers are right",
                titles: ("true", "predicted"), points: points
            ).figure
        }
        return PageSection(
            identifier: "targets", title: "Predicted against true",
            lead:
                "\(record.detailedPart == .test ? "Test" : "Validation") images, at most 1,000 of them in a chart. R² is the share "
                + "of the variance that the answers explain, the errors are in the unit of each target, and the bias is how much "
                + "too high answers are on average. \(record.shownWeights)",
            body: "<div class=\"card\">\(table.markup)</div><div class=\"grid two\">\(charts)</div>")
    }
}
