import JSON
import Tensors

/// The arms of a distillation's comparison: several ways to teach, each over the same seeds.
public enum ArmSections {
    private static let explanations = [
        "none": "no teacher", "direct": "the last teacher alone", "ensemble": "all teachers at once",
        "progressive": "one teacher after the other",
    ]

    /// Which arm is best: by validation, or by the test images where the comparison kept nothing else.
    /// - Parameter comparison: the contents of `comparison.json`.
    public static func verdict(_ comparison: JSONValue, validation: Int?, test: Int?) -> Verdict {
        let runs = comparison["runs"]?.arrayValue ?? []
        let isValidated = !runs.isEmpty && runs.allSatisfy { $0["bestValidationAccuracy"]?.doubleValue != nil }
        let key = isValidated ? "bestValidationAccuracy" : "testAccuracy"
        let candidates = (comparison["arms"]?.arrayValue ?? []).map { arm -> Verdict.Candidate in
            let name = arm["arm"]?.stringValue ?? ""
            return Verdict.Candidate(
                name: name,
                values: runs.filter { $0["arm"]?.stringValue == name }.compactMap { $0[key]?.doubleValue },
                images: isValidated ? validation : test)
        }
        return Verdict(candidates, part: isValidated ? "validation" : "test")
    }

    /// The verdict in words; a lead within the error is no more than a hint.
    public static func sentence(_ verdict: Verdict, _ strong: (String) -> String = { $0 }) -> String {
        if case .nothing = verdict.outcome { return "No arm is finished yet." }
        let text = verdict.sentence(strong)
        if case .withinError = verdict.outcome { return text + " It is no more than a hint." }
        return text
    }

    static func headline(_ record: RunRecord) -> Markup {
        guard let comparison = record.comparison else { return "" }
        let verdict = verdict(comparison, validation: record.images(.validation), test: record.images(.test))
        return Markup(raw: sentence(verdict) { "<b>" + Markup.escaped($0) + "</b>" })
    }

    static func make(_ record: RunRecord) -> PageSection? {
        guard let comparison = record.comparison, let arms = comparison["arms"]?.arrayValue, !arms.isEmpty else {
            return nil
        }
        let runs = comparison["runs"]?.arrayValue ?? []
        func values(_ arm: JSONValue, _ key: String) -> [Double] {
            runs.filter { $0["arm"]?.stringValue == arm["arm"]?.stringValue }.compactMap { $0[key]?.doubleValue }
        }
        func pair(_ json: JSONValue?, _ scale: Double, _ decimals: Int, _ unit: String) -> DataTable.Cell {
            .number(json?["mean"]?.doubleValue) { mean in
                let deviation = json?["deviation"]?.doubleValue ?? 0
                return NumberText.fixed(mean * scale, decimals: decimals) + unit + " ± "
                    + NumberText.fixed(deviation * scale, decimals: decimals)
            }
        }
        let isTested = runs.contains { $0["testAccuracy"]?.doubleValue != nil }
        let isValidated = runs.contains { $0["bestValidationAccuracy"]?.doubleValue != nil }
        var columns: [DataTable.Column] = ["arm", ""]
        if isValidated { columns.append(.number("validation, best")) }
        if isTested { columns += [.number("test, last epoch"), .number("test, best epoch")] }
        columns += [.number("train loss"), .number(isTested ? "train − test" : "train − validation")]
        let rows = arms.map { arm -> [DataTable.Cell] in
            let name = arm["arm"]?.stringValue ?? ""
            var row = [DataTable.Cell("<b>\(name)</b>"), .text(explanations[name] ?? "", kind: "soft")]
            if isValidated {
                row.append(
                    .number(Spread(values(arm, "bestValidationAccuracy"))?.mean) { mean in
                        let deviation = Spread(values(arm, "bestValidationAccuracy"))?.deviation ?? 0
                        return NumberText.percentage(mean) + " ± " + NumberText.fixed(100 * deviation, decimals: 2)
                    })
            }
            if isTested {
                row += [pair(arm["testAccuracy"], 100, 2, "%"), pair(arm["bestTestAccuracy"], 100, 2, "%")]
            }
            return row + [pair(arm["trainLoss"], 1, 4, ""), pair(arm["gap"], 100, 2, "%")]
        }
        let key = isTested ? "testAccuracy" : "bestValidationAccuracy"
        let points = arms.compactMap { arm -> DotPlot.Row? in
            Spread(values(arm, key)).map {
                DotPlot.Row(
                    name: arm["arm"]?.stringValue ?? "", values: values(arm, key), mean: $0.mean,
                    deviation: $0.deviation)
            }
        }
        let part: RunRecord.Part = isTested ? .test : .validation
        let highest = points.map(\.mean).max() ?? 0
        let error =
            SamplingError.text(highest, images: record.images(part)).map {
                " \(NumberText.grouped(record.images(part) ?? 0)) \(part.rawValue) images leave an error of \($0) points."
            } ?? ""
        let table = DataTable(columns: columns, rows: rows, label: "Results of the arms", spare: [1])
        return PageSection(
            identifier: "arms", title: "Ways to teach",
            lead:
                "Every arm has the same student, the same first bytes and the same number of epochs. A ring is one seed; the "
                + "line is the mean with its standard deviation.\(error)",
            body: """
                <div class="grid"><figure class="card"><figcaption><strong>\(isTested ? "Test accuracy, last epoch" : "Best validation accuracy")</strong></figcaption>\(DotPlot(rows: points).markup)</figure>
                <div class="card">\(table.markup)</div></div>
                """)
    }
}
