/// Canonical YAML of everything that was read: every key in the order of reading, block style, lists of values in one
/// line.
func resolvedYAML(_ root: ConfigurationReader) -> String {
    let lines = lines(of: root)
    return lines.isEmpty ? "{}\n" : lines.joined(separator: "\n") + "\n"
}

private func lines(of reader: ConfigurationReader) -> [String] {
    reader.order.flatMap { key -> [String] in
        let name = ScalarText.yaml(key)
        switch reader.records[key]?.output {
        case .text(let text):
            return ["\(name): \(text)"]
        case .section(let section):
            let inner = lines(of: section)
            return inner.isEmpty ? ["\(name): {}"] : ["\(name):"] + inner.map { "  " + $0 }
        case .sections(let items):
            if items.isEmpty { return ["\(name): []"] }
            return ["\(name):"]
                + items.flatMap { item -> [String] in
                    let inner = lines(of: item)
                    if inner.isEmpty { return ["  - {}"] }
                    return inner.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
                }
        case nil:
            return []
        }
    }
}
