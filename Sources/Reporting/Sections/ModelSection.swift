import JSON

/// The model as a tree.
enum ModelSection {
    static func make(_ record: RunRecord) -> PageSection? {
        guard let model = record.run?["model"], let tree = model["tree"] else { return nil }
        let parameters = model["parameters"]?.doubleValue ?? 0
        let multiplyAdds = model["multiplyAdds"]?.doubleValue ?? 0
        var rows: [[DataTable.Cell]] = []
        collect(tree, 0, parameters, multiplyAdds, &rows)
        let data = record.run?["data"]
        let size = [data?["height"], data?["width"], data?["channels"]].map { $0?.integerValue ?? 0 }
        let table = DataTable(
            columns: ["layer", "kind", "output", .number("parameters"), .number("multiply-adds")], rows: rows,
            isLimited: true, label: "Layers of the model", spare: [1])
        return PageSection(
            identifier: "model", title: "Model",
            lead: "\(model["name"]?.stringValue ?? "The model") for \(size[0])×\(size[1]) "
                + "\(size[2] == 1 ? "grey" : "colour") images: \(NumberText.grouped(Int(bounded: parameters))) parameters, "
                + "\(NumberText.grouped(Int(bounded: multiplyAdds))) multiply-adds per image (gates, norms and Fourier transforms not counted).",
            body: "<div class=\"card tree\">\(table.markup)</div>")
    }

    private static func collect(
        _ node: JSONValue, _ level: Int, _ parameters: Double, _ multiplyAdds: Double,
        _ rows: inout [[DataTable.Cell]]
    ) {
        guard level < 12, rows.count < 3000 else { return }
        func number(_ key: String, of total: Double) -> DataTable.Cell {
            guard let value = node[key]?.integerValue, value > 0 else { return .number(nil) { "\($0)" } }
            var cell = DataTable.Cell.count(value)
            if level > 0, total > 0 {
                let width = NumberText.fixed(100 * Double(value) / total, decimals: 1)
                cell.body = "<span class=\"bar\" style=\"--w:\(width)%\"></span>" + cell.body
                cell.kind = "barred"
            }
            return cell
        }
        let output = (node["output"]?.arrayValue ?? []).compactMap(\.integerValue).dropFirst()
        let indent = String(repeating: "    ", count: level)
        rows.append([
            .text(indent + (node["name"]?.stringValue ?? ""), kind: level <= 1 ? "" : "soft"),
            .text(node["kind"]?.stringValue ?? "", kind: "soft"),
            .text(output.map(String.init).joined(separator: "×"), kind: "soft"),
            number("parameters", of: parameters), number("multiplyAdds", of: multiplyAdds),
        ])
        for part in node["parts"]?.arrayValue ?? [] { collect(part, level + 1, parameters, multiplyAdds, &rows) }
    }
}
