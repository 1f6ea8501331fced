import Tensors

/// The order of teachers, the stages and the arms of a distillation.
enum DistillationSections {
    private static func names(_ json: JSONValue?) -> [String] { (json?.arrayValue ?? []).compactMap(\.stringValue) }

    // MARK: Order

    static func order(_ record: RunRecord) -> PageSection? {
        let order = names(record.order?["order"] ?? record.run?["order"] ?? record.summary?["order"])
        guard !order.isEmpty else { return nil }
        let scores = record.order?["scores"]
        let teachers = record.run?["teachers"]?.arrayValue ?? []
        let links = order.map { name -> Markup in
            let teacher = teachers.first { $0["name"]?.stringValue == name }
            let score = scores?[name]?.doubleValue ?? teacher?["validationAccuracy"]?.doubleValue
            let size = teacher?["parameters"]?.doubleValue.map { RunHeader.short($0) }
            let details = [size, score.map { NumberText.percentage($0, decimals: 1) }].compactMap { $0 }
            return "<li>\(name)<small>\(details.joined(separator: ", "))</small></li>"
        }
        let student = record.run?["student"]?.stringValue ?? "student"
        let size = record.run?["model"]?["parameters"]?.doubleValue.map { RunHeader.short($0) } ?? ""
        let decisions = (record.order?["decisions"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
        let reasons: Markup =
            decisions.isEmpty
            ? ""
            : "<div class=\"card\"><h3>How the order came about</h3><ol class=\"plain\">\(decisions.map { Markup("<li>\($0)</li>") })</ol></div>"
        return PageSection(
            identifier: "order", title: "Teachers",
            lead:
                "The student learns from the first teacher first. Parameters and validation accuracy are beside the names.",
            body: """
                <ol class="chain">\(links)<li class="student">\(student)<small>\(size)</small></li></ol>
                <div class="grid two start">\(costs(record, student))\(reasons)</div>
                """)
    }

    private static func costs(_ record: RunRecord, _ student: String) -> Markup {
        let costs = record.order?["costs"]?.arrayValue ?? []
        func unique(_ key: String) -> [String] {
            costs.reduce(into: []) { names, cost in
                if let name = cost[key]?.stringValue, !names.contains(name) { names.append(name) }
            }
        }
        let targets = unique("target")
        let all = unique("source")
        let sources = all.filter { $0 == student } + all.filter { $0 != student }
        guard !targets.isEmpty else { return "" }
        let highest = costs.compactMap { $0["value"]?.doubleValue }.max() ?? 1
        let rows = sources.map { source -> Markup in
            let cells = targets.map { target -> Markup in
                let cost = costs.last {
                    $0["source"]?.stringValue == source && $0["target"]?.stringValue == target
                }
                guard let value = cost?["value"]?.doubleValue else { return "<td class=\"zero\">–</td>" }
                let error = cost?["errorBar"]?.doubleValue.map { " ± \(NumberText.fixed($0, decimals: 3))" } ?? ""
                let strength = NumberText.fixed(0.1 + 0.6 * max(0, value) / max(highest, 1e-12), decimals: 2)
                return
                    "<td style=\"--a:\(strength)\" title=\"\(source) to \(target): \(NumberText.fixed(value, decimals: 3))\(error)\">\(NumberText.fixed(value, decimals: 2))</td>"
            }
            return "<tr><th scope=\"row\">\(source)</th>\(cells)</tr>"
        }
        let titles = targets.map { Markup("<th scope=\"col\">\($0)</th>") }
        return """
            <div class="card"><h3>Adaptation cost</h3><div class="scroll"><table class="matrix costs"><thead><tr><th>from \\ to</th>\(titles)</tr></thead>
            <tbody>\(rows)</tbody></table></div><p class="lead" style="margin:12px 0 0;font-size:12.5px">How much of the target's features a \
            fitted map from the source leaves unexplained: 0 is nothing, 1 is all. Only what the selection asked for was measured.</p></div>
            """
    }

    // MARK: Stages

    static func stages(_ record: RunRecord) -> PageSection? {
        guard !record.stages.isEmpty else { return nil }
        let rows = record.stages.map { stage -> [DataTable.Cell] in
            let part = RunRecord.part(of: stage)
            let before = stage["\(part)AccuracyBefore"]?.doubleValue
            let after = stage["\(part)AccuracyAfter"]?.doubleValue
            let gain = before.flatMap { before in after.map { $0 - before } }
            let seconds = stage["seconds"]?.doubleValue
            let teacherShare = stage["teacherSeconds"]?.doubleValue.flatMap { part in
                seconds.map { part / max($0, 1e-9) }
            }
            return [
                .count(stage["stage"]?.integerValue ?? 0), .text(stage["teacher"]?.stringValue ?? ""),
                .count(stage["epochs"]?.integerValue ?? 0), .number(before) { NumberText.percentage($0) },
                .number(after) { NumberText.percentage($0) },
                .number(gain) { ($0 >= 0 ? "+" : "−") + NumberText.fixed(abs($0) * 100, decimals: 2) },
                .number(seconds) { NumberText.fixed($0, decimals: 1) + " s" },
                .number(teacherShare) { NumberText.percentage($0, decimals: 0) },
            ]
        }
        return PageSection(
            identifier: "stages", title: "Stages",
            lead:
                "\(RunRecord.part(of: record.stages[0]).capitalized) accuracy before and after each stage, and the part of the time that the teachers' forward passes took.",
            body: "<div class=\"card\">"
                + DataTable(
                    columns: [
                        .number("stage"), "teacher", .number("epochs"), .number("before"), .number("after"),
                        .number("gain, points"), .number("time"), .number("teachers"),
                    ], rows: rows
                ).markup + "</div>")
    }

    // MARK: Arms

    private static let explanations = [
        "none": "no teacher", "direct": "the last teacher alone", "ensemble": "all teachers at once",
        "progressive": "one teacher after the other",
    ]

    static func headline(_ comparison: JSONValue) -> Markup {
        let arms = comparison["arms"]?.arrayValue ?? []
        let seeds = Set((comparison["runs"]?.arrayValue ?? []).compactMap { $0["seed"]?.integerValue }).count
        let part = arms.first.map { RunRecord.part(of: $0) } ?? "test"
        func mean(_ arm: JSONValue) -> Double { arm["\(part)Accuracy"]?["mean"]?.doubleValue ?? -1 }
        guard let best = arms.max(by: { mean($0) < mean($1) }), mean(best) >= 0 else {
            return "No arm is finished yet."
        }
        let deviation = best["\(part)Accuracy"]?["deviation"]?.doubleValue ?? 0
        let name = best["arm"]?.stringValue ?? ""
        return """
            <b>\(name)</b> (\(explanations[name] ?? name)) does best: <b>\(NumberText.percentage(mean(best)))</b> \
            ± \(NumberText.fixed(100 * deviation, decimals: 2)) on the \(part) images, mean of \(seeds) \(seeds == 1 ? "seed" : "seeds").
            """
    }

    static func arms(_ record: RunRecord) -> PageSection? {
        guard let comparison = record.comparison, let arms = comparison["arms"]?.arrayValue, !arms.isEmpty else {
            return nil
        }
        let runs = comparison["runs"]?.arrayValue ?? []
        let part = RunRecord.part(of: arms[0])
        let (last, highest) = ("\(part)Accuracy", "best\(part.capitalized)Accuracy")
        func pair(_ json: JSONValue?, _ scale: Double, _ decimals: Int, _ unit: String) -> DataTable.Cell {
            .number(json?["mean"]?.doubleValue) { mean in
                let deviation = json?["deviation"]?.doubleValue ?? 0
                return NumberText.fixed(mean * scale, decimals: decimals) + unit + " ± "
                    + NumberText.fixed(deviation * scale, decimals: decimals)
            }
        }
        let rows = arms.map { arm -> [DataTable.Cell] in
            let name = arm["arm"]?.stringValue ?? ""
            return [
                DataTable.Cell("<b>\(name)</b>"), .text(explanations[name] ?? "", kind: "soft"),
                pair(arm[last], 100, 2, "%"), pair(arm[highest], 100, 2, "%"),
                pair(arm["trainLoss"], 1, 4, ""), pair(arm["gap"], 100, 2, "%"),
            ]
        }
        let points = arms.map { arm -> DotPlot.Row in
            let name = arm["arm"]?.stringValue ?? ""
            return DotPlot.Row(
                name: name,
                values: runs.filter { $0["arm"]?.stringValue == name }.compactMap { $0[last]?.doubleValue },
                mean: arm[last]?["mean"]?.doubleValue ?? 0,
                deviation: arm[last]?["deviation"]?.doubleValue ?? 0)
        }
        return PageSection(
            identifier: "arms", title: "Ways to teach",
            lead:
                "Every arm has the same student, the same first bytes and the same number of epochs. A ring is one seed; the "
                + "line is the mean with its standard deviation.",
            body: """
                <div class="grid"><figure class="card"><figcaption><strong>\(part.capitalized) accuracy, last epoch</strong></figcaption>\(DotPlot(rows: points).markup)</figure>
                <div class="card">\(DataTable(columns: ["arm", "", .number("\(part), last epoch"), .number("\(part), best epoch"), .number("train loss"), .number("train − \(part)")], rows: rows).markup)</div></div>
                """)
    }
}
