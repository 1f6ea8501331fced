// Reference: all keys and models as text, as Markdown and as a schema.

import Configuration
import JSON
import Models
import Reporting
import Tensors

/// The reference of all keys as text for a terminal, as a page, or as JSON.
package struct ReferenceText {
    private let reference: ConfigurationReference

    package init(_ reference: ConfigurationReference) { self.reference = reference }

    // MARK: Terminal

    package var plain: String {
        var lines: [String] = []
        for key in reference.keys {
            if key.isSection { lines.append("") }
            for form in key.forms {
                let kinds = form.labels.isEmpty ? "" : " (\(form.labels.joined(separator: ", ")))"
                lines.append(
                    key.path + kinds + (key.isSection ? "" : "  \(form.entry.expected)\(Self.suffix(form.entry))"))
                lines.append("    " + form.entry.summary)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func suffix(_ entry: ConfigurationEntry) -> String {
        switch entry.defaultValue {
        case nil: ", required"
        case "null": ", may be left out"
        case let value?: ", default \(value)"
        }
    }

    // MARK: JSON

    package var json: JSONValue {
        .array(
            reference.keys.flatMap { key in
                key.forms.map { form in
                    var json: JSONValue = [
                        "key": .string(key.path), "kind": .string(key.isSection ? "section" : "value"),
                        "accepts": .string(form.entry.expected),
                        "choices": .array(form.entry.choices.map { .string($0) }),
                        "isRequired": .bool(form.entry.defaultValue == nil),
                        "default": key.isSection ? .null : form.entry.defaultJSON ?? .null,
                        "meaning": .string(form.entry.summary),
                    ]
                    if !form.labels.isEmpty { json["onlyFor"] = .array(form.labels.map { .string($0) }) }
                    return json
                }
            })
    }

    // MARK: Page

    package var markdown: String {
        var text = """
            # Configuration reference

            <!-- Made by `trainer config --reference --markdown`; change the declarations in the sources instead. -->

            Every key of a configuration, from the declarations that read it. Each key may be left out unless it says
            *required*; `trainer config CONFIG` shows what a configuration comes to and where each value comes from.
            `extends: other.yaml` at the top of a file builds on another one, `--set key=value` replaces a value. `null` stands
            for a key that is absent, in files and in `--set`: it takes back what another file said.

            A configuration with a section `pool` is one of a distillation; `student` and what follows belong to those
            alone.

            A named model brings its own values with it; the defaults below `model` are those of the bare family names.
            Editors that know JSON Schema check and complete configurations with `Configs/schema.json`, which the first
            line of the configurations that come along names.

            """
        var written: [(section: String, rows: [Row])] = []
        for key in reference.keys where key.isSection {
            let section = key.isList ? key.path + "[]" : key.path
            var rows = rows(of: section)
            let form = key.forms[0]
            let depth = section.contains(".") || section.contains("[") ? "###" : "##"
            text += "\n\(depth) \(section.replacing("[]", with: ""))\n\n\(form.entry.summary)"
            text += key.isList ? "; a list, each entry with these keys.\n" : ".\n"
            if form.entry.defaultValue == "null", !key.isList { text += "Off unless the section is there.\n" }
            // A section that has all keys of an earlier one says only what it has beyond them.
            for earlier in written where earlier.rows.count > 3 && earlier.rows.allSatisfy(rows.contains) {
                rows.removeAll(where: earlier.rows.contains)
                text += "\nAll keys of `\(earlier.section.replacing("[]", with: ""))`"
                text += rows.isEmpty ? ".\n" : ", and:\n"
            }
            written.append((section, self.rows(of: section)))
            if !rows.isEmpty { text += "\n" + Self.table(rows) }
        }
        let top = rows(of: "")
        if !top.isEmpty { text += "\n## At the top\n\n" + Self.table(top) }
        return text
    }

    private struct Row: Equatable {
        var name: String
        var form: ConfigurationReference.Form

        init(_ key: ConfigurationReference.Key, _ form: ConfigurationReference.Form) {
            name = key.name
            self.form = form
            // Two sections are compared by what their keys are, not by where they stand.
            self.form.entry.path = name
        }
    }

    private func rows(of section: String) -> [Row] {
        reference.keys.filter { $0.section == section && !$0.isSection }.flatMap { key in
            key.forms.map { Row(key, $0) }
        }
    }

    /// What a cell of a table may hold.
    private static func escaped(_ text: String) -> String {
        text.replacing("<", with: "&lt;").replacing("|", with: "\\|")
    }

    /// The families of models, whose names `trainer models` does not list.
    private static let families = ModelSpecification.familyNames.map { "`\($0)`" }.joined(separator: ", ")

    private static func table(_ rows: [Row]) -> String {
        "| key | value | default | meaning |\n|---|---|---|---|\n"
            + rows.map { row in
                let entry = row.form.entry
                let only = row.form.labels.isEmpty ? "" : " (\(row.form.labels.joined(separator: ", ")))"
                let fallback =
                    switch entry.defaultValue {
                    case nil: "*required*"
                    case "null": ""
                    case let value?: "`\(value)`"
                    }
                let accepts =
                    entry.choices.count > 16
                    ? "a name that `trainer models` lists, or \(families)"
                    : entry.expected + (entry.type?.isSingleOrList == true ? ", or a list of them" : "")
                return "| `\(row.name)`\(only) | \(accepts) | \(fallback) | \(escaped(entry.summary)) |\n"
            }.joined()
    }
}
