import JSON

/// The order of a distillation's teachers and how it came about.
enum DistillationSections {
    private static func names(_ json: JSONValue?) -> [String] { (json?.arrayValue ?? []).compactMap(\.stringValue) }

    // MARK: Order

    static func order(_ record: RunRecord) -> PageSection? {
        let order = names(record.distillation.order?["order"] ?? record.run?["order"] ?? record.summary?["order"])
        guard !order.isEmpty else { return nil }
        let scores = record.distillation.order?["scores"]
        let teachers = record.run?["teachers"]?.arrayValue ?? []
        let links = order.map { name -> Markup in
            let teacher = teachers.first { $0["name"]?.stringValue == name }
            let score = scores?[name]?.doubleValue ?? teacher?[record.primary.key("validation")]?.doubleValue
            let size = teacher?["parameters"]?.doubleValue.map { RunHeader.short($0) }
            let details = [size, score.map { record.primary.shortText($0) }].compactMap { $0 }
            return "<li>\(name)<small>\(details.joined(separator: ", "))</small></li>"
        }
        let student = record.run?["student"]?.stringValue ?? "student"
        let size = record.run?["model"]?["parameters"]?.doubleValue.map { RunHeader.short($0) } ?? ""
        let found = record.distillation.order?["decisions"]?.arrayValue ?? []
        // What was decided on the way, once a stage was over.
        let later = record.distillation.stages.flatMap { $0["decisions"]?.arrayValue ?? [] }
        let decisions = (found + later).compactMap {
            // As runs wrote it before.
            $0["text"]?.stringValue?.replacing(" +- ", with: " ± ")
        }
        let reasons: Markup =
            decisions.isEmpty
            ? ""
            : "<div class=\"card\"><h3>How the order came about</h3><ol class=\"plain\">\(decisions.map { Markup("<li>\($0)</li>") })</ol></div>"
        return PageSection(
            identifier: "order", title: "Teachers",
            lead:
                "The student learns from the first teacher first. Parameters and validation \(record.primary.title) are beside "
                + "the names.",
            body: """
                <ol class="chain">\(links)<li class="student">\(student)<small>\(size)</small></li></ol>
                <div class="grid two start">\(costs(record, student))\(reasons)</div>
                """)
    }

    private static func costs(_ record: RunRecord, _ student: String) -> Markup {
        let costs = record.distillation.order?["costs"]?.arrayValue ?? []
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
                guard let value = cost?["value"]?.doubleValue else { return "<td class=\"zero\">not measured</td>" }
                let error = cost?["errorBar"]?.doubleValue.map { " ± \(NumberText.fixed($0, decimals: 3))" } ?? ""
                let strength = NumberText.fixed(0.1 + 0.6 * max(0, value) / max(highest, 1e-12), decimals: 2)
                return
                    "<td style=\"--a:\(strength)\" title=\"\(source) to \(target): \(NumberText.fixed(value, decimals: 3))\(error)\">\(NumberText.fixed(value, decimals: 2))</td>"
            }
            return "<tr><th scope=\"row\">\(source)</th>\(cells)</tr>"
        }
        let titles = targets.map { Markup("<th scope=\"col\">\($0)</th>") }
        let box = ScrollBox(
            label: "Adaptation costs",
            body: """
                <table class="matrix costs"><thead><tr><th>from ↓ to →</th>\(titles)</tr></thead>
                <tbody>\(rows)</tbody></table>
                """)
        return """
            <div class="card"><h3>Adaptation cost</h3>\(box.markup)<p class="lead" style="margin:12px 0 0;font-size:12.5px">How much of the target's features a \
            fitted map from the source leaves unexplained: 0 is nothing, 1 is all. Only what the selection asked for was measured.</p></div>
            """
    }
}
