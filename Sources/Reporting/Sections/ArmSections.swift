import JSON

/// The arms of a distillation's comparison: several ways to teach, each over the same seeds.
package enum ArmSections {
    private static let explanations = [
        "none": "no teacher", "direct": "the last teacher alone", "ensemble": "all teachers at once",
        "progressive": "one teacher after the other",
        "adaptive": "the same, the order reviewed after each stage",
    ]

    /// Which arm is best: by validation, or by the test images where the comparison kept nothing else.
    /// - Parameter comparison: the contents of `comparison.json`.
    package static func verdict(_ comparison: JSONValue, validation: Int?, test: Int?) -> Verdict {
        let runs = comparison["runs"]?.arrayValue ?? []
        let metric = Metric.primary(of: comparison)
        let (validated, tested) = (metric.key("bestValidation"), metric.key("test"))
        let isValidated = !runs.isEmpty && runs.allSatisfy { $0[validated]?.doubleValue != nil }
        let key = isValidated ? validated : tested
        let candidates = (comparison["arms"]?.arrayValue ?? []).map { arm -> Verdict.Candidate in
            let name = arm["arm"]?.stringValue ?? ""
            return Verdict.Candidate(
                name: name,
                values: runs.filter { $0["arm"]?.stringValue == name }.compactMap { $0[key]?.doubleValue },
                images: isValidated ? validation : test)
        }
        return Verdict(candidates, metrics: [metric], part: isValidated ? "validation" : "test")
    }

    /// The verdict in words; a lead within the error is no more than a hint.
    package static func sentence(_ verdict: Verdict, _ strong: (String) -> String = { $0 }) -> String {
        if case .nothing = verdict.outcome { return "No arm is finished yet." }
        let text = verdict.sentence(strong)
        if case .withinError = verdict.outcome { return text + " It is no more than a hint." }
        return text
    }

    static func headline(_ record: RunRecord) -> Markup {
        guard let comparison = record.distillation.comparison else { return "" }
        let verdict = verdict(comparison, validation: record.images(.validation), test: record.images(.test))
        return Markup(raw: sentence(verdict) { "<b>" + Markup.escaped($0) + "</b>" })
    }

    static func make(_ record: RunRecord) -> PageSection? {
        guard let comparison = record.distillation.comparison, let arms = comparison["arms"]?.arrayValue, !arms.isEmpty
        else {
            return nil
        }
        let runs = comparison["runs"]?.arrayValue ?? []
        func values(_ arm: JSONValue, _ key: String) -> [Double] {
            runs.filter { $0["arm"]?.stringValue == arm["arm"]?.stringValue }.compactMap { $0[key]?.doubleValue }
        }
        let metric = Metric.primary(of: comparison)
        func pair(_ metric: Metric, _ mean: Double?, _ deviation: Double?) -> DataTable.Cell {
            .number(mean) { metric.text($0) + " ± " + metric.spreadText(deviation ?? 0) }
        }
        func pair(_ metric: Metric, _ json: JSONValue?) -> DataTable.Cell {
            pair(metric, json?["mean"]?.doubleValue, json?["deviation"]?.doubleValue)
        }
        let (validated, tested) = (metric.key("bestValidation"), metric.key("test"))
        let isTested = runs.contains { $0[tested]?.doubleValue != nil }
        let isValidated = runs.contains { $0[validated]?.doubleValue != nil }
        var columns: [DataTable.Column] = ["arm", ""]
        if isValidated { columns.append(.number("validation, best")) }
        if isTested { columns += [.number("test, last epoch"), .number("test, best epoch")] }
        columns += [.number("train loss"), .number(isTested ? "train − test" : "train − validation")]
        let rows = arms.map { arm -> [DataTable.Cell] in
            let name = arm["arm"]?.stringValue ?? ""
            var row = [DataTable.Cell("<b>\(name)</b>"), .text(explanations[name] ?? "", kind: "soft")]
            if isValidated {
                let spread = Spread(values(arm, validated))
                row.append(pair(metric, spread?.mean, spread?.deviation))
            }
            if isTested {
                row += [pair(metric, arm[tested]), pair(metric, arm[metric.key("bestTest")])]
            }
            return row + [pair(.loss, arm["trainLoss"]), pair(metric, arm["gap"])]
        }
        let key = isTested ? tested : validated
        let points = arms.compactMap { arm -> DotPlot.Row? in
            Spread(values(arm, key)).map {
                DotPlot.Row(
                    name: arm["arm"]?.stringValue ?? "", values: values(arm, key), mean: $0.mean,
                    deviation: $0.deviation)
            }
        }
        let part: RunRecord.Part = isTested ? .test : .validation
        let best = metric.best(points.map(\.mean)) ?? 0
        let error =
            SamplingError.text(best, of: metric, images: record.images(part)).map {
                " \(NumberText.grouped(record.images(part) ?? 0)) \(part.rawValue) images leave an error of \($0) points."
            } ?? ""
        let table = DataTable(columns: columns, rows: rows, label: "Results of the arms", spare: [1])
        return PageSection(
            identifier: "arms", title: "Ways to teach",
            lead:
                "Every arm has the same student, the same first bytes and the same number of epochs. A ring is one seed; the "
                + "line is the mean with its standard deviation.\(error)",
            body: """
                <div class="grid"><figure class="card"><figcaption><strong>\(isTested ? "Test \(metric.title), last epoch" : "Best validation \(metric.title)")</strong></figcaption>\(DotPlot(rows: points, style: metric.numberStyle).markup)</figure>
                <div class="card">\(table.markup)</div></div>
                """)
    }
}
