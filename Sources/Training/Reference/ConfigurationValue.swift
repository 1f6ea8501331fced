import Configuration
import JSON
import Reporting
import Tensors

extension ConfigurationEntry {
    /// The value as JSON; null for sections.
    package var json: JSONValue { kind == .value ? Self.json(value) : .null }

    /// The default as JSON; nil for a required key.
    package var defaultJSON: JSONValue? { defaultValue.map(Self.json) }

    /// Canonical YAML of a scalar or of a list of scalars in one line. Quoted words are JSON as they are.
    static func json(_ yaml: String) -> JSONValue {
        if let value = try? JSONValue(parsing: yaml) { return value }
        guard yaml.hasPrefix("["), yaml.hasSuffix("]") else { return .string(yaml) }
        var words: [String] = [""]
        var isQuoted = false
        var isEscaped = false
        for character in yaml.dropFirst().dropLast() {
            if character == ",", !isQuoted {
                words.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            if character != " " || isQuoted { words[words.count - 1].append(character) }
        }
        return .array(words.map(json))
    }
}

/// A configuration with everything filled in, and where each value comes from.
package enum ResolvedConfiguration {
    /// The canonical YAML with the origin of every value behind it as a comment.
    /// - Parameter entries: those that were read with the YAML, which has a line for each of them.
    package static func annotated(_ yaml: String, _ entries: [ConfigurationEntry]) -> String {
        let lines = yaml.split(separator: "\n").map(String.init)
        let margin = min(48, lines.map(\.count).max() ?? 0)
        var rest = entries[...]
        return lines.map { line -> String in
            let key = line.drop { $0 == " " || $0 == "-" }
            // An entry of a list that says nothing has a line without a key.
            if key == "{}" { return line + "\n" }
            guard let entry = rest.popFirst(), entry.kind == .value else { return line + "\n" }
            let space = String(repeating: " ", count: max(0, margin - line.count) + 2)
            return "\(line)\(space)# \(TextWidth.singleLine(entry.origin.description))\n"
        }.joined()
    }

    package static func json(_ entries: [ConfigurationEntry]) -> JSONValue {
        .array(
            entries.filter { $0.kind == .value }.map { entry in
                [
                    "key": .string(entry.path), "value": entry.json, "origin": .string(entry.origin.description),
                    "default": entry.defaultJSON ?? .null, "accepts": .string(entry.expected),
                    "meaning": .string(entry.summary),
                ]
            })
    }
}
