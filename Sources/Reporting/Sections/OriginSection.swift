/// The machine, the data and the times of a run.
enum OriginSection {
    static func make(_ record: RunRecord) -> PageSection? {
        guard let run = record.run else { return nil }
        let machine = run["machine"]
        var rows: [[DataTable.Cell]] = []
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { rows.append([.text(name, kind: "soft"), .text(value)]) }
        }
        add("processor", machine?["processor"]?.stringValue)
        if let cores = machine?["cores"]?.integerValue, let threads = machine?["threads"]?.integerValue {
            add("cores", "\(cores), \(threads) \(threads == 1 ? "thread" : "threads") in use")
        }
        add("memory", machine?["memoryGB"]?.doubleValue.map { "\(NumberText.fixed($0, decimals: 1)) GB" })
        add(
            "system",
            [machine?["system"]?.stringValue, machine?["architecture"]?.stringValue].compactMap { $0 }
                .joined(separator: ", "))
        add("program", ProgramVersion(run["program"]).map { "trainer \($0)" })
        add("started", run["startSeconds"]?.doubleValue.map { RunHeader.date($0) })
        let resumed = (run["resumedSeconds"]?.arrayValue ?? []).compactMap(\.doubleValue)
        if !resumed.isEmpty {
            add(
                "resumed",
                resumed.suffix(5).map { RunHeader.date($0) }.joined(separator: ", ")
                    + (resumed.count > 5 ? " (\(resumed.count) times in all)" : ""))
        }
        if let data = run["data"] {
            func count(_ key: String) -> String { NumberText.grouped(data[key]?.integerValue ?? 0) }
            add("data", data["path"]?.stringValue)
            add(
                "images",
                "\(count("training")) for training, \(count("validation")) for validation, "
                    + ((data["test"]?.integerValue ?? 0) > 0 ? "\(count("test")) for the test" : "no test part")
            )
            add("format", data["format"]?.stringValue)
            add("source", data["attribution"]?.stringValue)
        }
        let classes = run["classNames"]?.arrayValue?.count ?? 0
        if classes > 0 { add("classes", NumberText.grouped(classes)) }
        add("folder", record.path)
        return PageSection(
            identifier: "machine", title: "Machine and data",
            body:
                "<div class=\"card\">\(DataTable(columns: ["", ""], rows: rows, label: "Machine and data").markup)</div>"
        )
    }
}
