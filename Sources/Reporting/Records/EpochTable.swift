import JSON

/// The epochs of runs as comma-separated values, for spreadsheets and data frames.
package enum EpochTable {
    /// A header and a row for each epoch; a column for each number that any line of `metrics.jsonl` has, empty where a
    /// line has none. Several runs have a column of their names in front.
    package static func csv(_ records: [RunRecord]) -> String {
        var columns: [String] = []
        var seen: Set<String> = []
        for record in records {
            for member in record.epochs.flatMap({ $0.objectValue ?? [] }) where isShown(member.value) {
                if seen.insert(member.name).inserted { columns.append(member.name) }
            }
        }
        let isMany = records.count > 1
        var text = CSV.line((isMany ? ["run"] : []) + columns)
        for record in records {
            for line in record.epochs {
                let cells = columns.map { column in line[column].map(cell) ?? "" }
                text += CSV.line((isMany ? [record.path] : []) + cells)
            }
        }
        return text
    }

    private static func isShown(_ value: JSONValue) -> Bool { value.doubleValue != nil || value.stringValue != nil }

    /// As it stands in the log, so that no digit is lost.
    private static func cell(_ value: JSONValue) -> String {
        if let text = value.stringValue { return text }
        return value.doubleValue == nil ? "" : value.text()
    }
}
