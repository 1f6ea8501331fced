import JSON

/// Every key of the configuration with its value and where it was said.
enum ConfigurationSection {
    static func make(_ record: RunRecord) -> PageSection? {
        guard let entries = record.run?["configuration"]?.arrayValue, !entries.isEmpty else {
            guard let text = record.configuration else { return nil }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Markup("\($0)\n") }
            return PageSection(
                identifier: "configuration", title: "Configuration",
                body: "<div class=\"card\"><pre><code>\(lines)</code></pre></div>")
        }
        let given = entries.filter { $0["isDefault"]?.boolValue == false }
        return PageSection(
            identifier: "configuration", title: "Configuration",
            lead:
                "\(given.count) of \(entries.count) values were given; the others are defaults. Values set on the command "
                + "line are in orange.",
            body: """
                <div class="card">\(table(given, withDefault: true))</div>
                <details><summary>All \(entries.count) values</summary><div class="card" style="margin-top:10px">\(table(entries, withDefault: false))</div></details>
                """)
    }

    private static func table(_ entries: [JSONValue], withDefault: Bool) -> Markup {
        let rows = entries.map { entry -> [DataTable.Cell] in
            func text(_ key: String) -> String { entry[key]?.stringValue ?? "" }
            let origin = text("origin")
            let isSet = origin.hasPrefix("--set")
            var row: [DataTable.Cell] = [
                DataTable.Cell("<span class=\"mono\" title=\"\(text("summary"))\">\(text("path"))</span>"),
                DataTable.Cell("<span class=\"mono\(isSet ? " set" : "")\">\(text("value"))</span>"),
            ]
            if withDefault { row.append(.text(text("default"), kind: "soft mono")) }
            row.append(.text(isSet ? "command line" : origin, kind: isSet ? "set" : "soft"))
            return row
        }
        return DataTable(
            columns: withDefault ? ["key", "value", "default", "said in"] : ["key", "value", "said in"], rows: rows,
            isLimited: !withDefault, label: "Configuration", spare: withDefault ? [2] : []
        ).markup
    }
}
