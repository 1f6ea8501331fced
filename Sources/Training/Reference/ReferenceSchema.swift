import Configuration
import JSON
import Tensors

/// The reference of all keys as a JSON Schema (draft 7), by which editors check and complete configurations.
package struct ReferenceSchema {
    private let reference: ConfigurationReference

    package init(_ reference: ConfigurationReference) { self.reference = reference }

    package var json: JSONValue {
        var schema: JSONValue = [
            "$schema": "http://json-schema.org/draft-07/schema#", "title": "Hornbeam configuration",
            "$comment": "Made by trainer config --reference --schema; change the declarations in the sources instead.",
        ]
        let extends: JSONValue = [
            "type": "string", "description": "The file that this one builds on, relative to its own folder",
        ]
        for member in section("", extra: [.init("extends", extends), .init("sweep", SweepSection.schema)]).objectValue
            ?? []
        {
            schema[member.name] = member.value
        }
        return schema
    }

    /// The schema of the mapping at that path.
    private func section(_ path: String, extra: [JSONValue.Member] = []) -> JSONValue {
        let keys = reference.keys.filter { $0.section == path }
        let isEntry = path.hasSuffix("[]")
        // With nothing after its colon a section stays as it is in the file that is extended.
        var schema: JSONValue = ["type": isEntry || path.isEmpty ? "object" : ["object", "null"]]
        schema["additionalProperties"] = false
        schema["properties"] = .object(extra + keys.map { .init($0.name, property($0)) })
        // Lists are replaced whole, everything else may stand in another file.
        let required = keys.filter { isEntry && $0.forms.allSatisfy { $0.entry.defaultValue == nil } }
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0.name) }) }
        if let rules = rules(path, keys) { schema["allOf"] = .array(rules) }
        return schema
    }

    private func property(_ key: ConfigurationReference.Key) -> JSONValue {
        if key.isSection {
            var schema: JSONValue
            if key.isList {
                schema = ["type": ["array", "null"], "items": section(key.path + "[]")]
            } else {
                schema = section(key.path)
            }
            schema["description"] = .string(key.forms[0].entry.summary)
            return schema
        }
        let values = key.forms.map { value($0.entry) }
        var distinct: [JSONValue] = []
        for value in values where !distinct.contains(value) { distinct.append(value) }
        var schema = distinct.count == 1 ? distinct[0] : ["anyOf": .array(distinct)]
        var summaries: [String] = []
        for form in key.forms where !summaries.contains(form.entry.summary) { summaries.append(form.entry.summary) }
        schema["description"] = .string(summaries.joined(separator: "; "))
        // Where forms differ no default holds for all of them.
        if key.forms.count == 1, let value = key.forms[0].entry.defaultJSON { schema["default"] = value }
        return schema
    }

    /// For each kind of thing: the keys it does not have, and what differs from kind to kind.
    private func rules(_ path: String, _ keys: [ConfigurationReference.Key]) -> [JSONValue]? {
        guard let decisive = reference.deciding(path),
            let decider = decisive.keys.first(where: { $0.hasPrefix(path + ".") })?.dropFirst(path.count + 1)
        else { return nil }
        // What another switch decides about is no matter of this one.
        let labels = Set(decisive.kinds.map(\.label))
        return decisive.kinds.map { kind in
            let properties = keys.filter { $0.forms.contains { !labels.isDisjoint(with: $0.labels) } }.compactMap {
                key -> JSONValue.Member? in
                guard let form = key.forms.first(where: { $0.labels.contains(kind.label) }) else {
                    return .init(key.name, false)
                }
                var own = value(form.entry)
                own["description"] = .string(form.entry.summary)
                if let value = form.entry.defaultJSON { own["default"] = value }
                return .init(key.name, own)
            }
            let words = JSONValue.array(kind.words.map { .string($0) })
            return [
                "if": [
                    "required": .array([.string(String(decider))]),
                    "properties": .object([.init(String(decider), ["enum": words])]),
                ],
                "then": ["properties": .object(properties)],
            ]
        }
    }

    /// What a value may be.
    private func value(_ entry: ConfigurationEntry) -> JSONValue {
        guard let type = entry.type else { return [:] }
        // A key that may be absent may be null.
        let isOptional = entry.defaultValue != nil
        let single = scalar(type, entry.choices)
        guard let count = type.count else {
            let orNull = isOptional ? Self.orNull(single) : single
            return type.isSingleOrList
                ? ["anyOf": [orNull, ["type": "array", "items": single, "minItems": 1]]] : orNull
        }
        var list: JSONValue = ["type": isOptional ? ["array", "null"] : "array", "items": single]
        if count.lowerBound > 0 { list["minItems"] = .integer(count.lowerBound) }
        if count.upperBound < .max { list["maxItems"] = .integer(count.upperBound) }
        return list
    }

    private func scalar(_ type: ConfigurationEntry.ValueType, _ choices: [String]) -> JSONValue {
        var schema: JSONValue
        switch type.scalar {
        // A plain number is taken as text.
        case .text, .path: return ["type": ["string", "number"]]
        case .boolean: return ["type": "boolean"]
        case .choice: return ["enum": .array(choices.map { ConfigurationEntry.json($0) })]
        // Spellings that YAML takes for text; a bound of numbers says nothing about them.
        case .integer: schema = ["type": ["integer", "string"], "pattern": #"^[+-]?\d+(_\d+)*$"#]
        case .number:
            let number = #"[+-]?[\d_.]+([eE][+-]?\d+)?"#
            schema = ["type": ["number", "string"], "pattern": .string("^\(number)( */ *\(number))?$")]
        }
        func bound(_ value: Double) -> JSONValue { Int(exactly: value).map { .integer($0) } ?? .number(value) }
        if let minimum = type.minimum { schema[type.excludesMinimum ? "exclusiveMinimum" : "minimum"] = bound(minimum) }
        if let maximum = type.maximum { schema[type.excludesMaximum ? "exclusiveMaximum" : "maximum"] = bound(maximum) }
        return schema
    }

    private static func orNull(_ schema: JSONValue) -> JSONValue {
        var schema = schema
        if let types = schema["type"]?.arrayValue {
            schema["type"] = .array(types + ["null"])
        } else if let type = schema["type"] {
            schema["type"] = .array([type, "null"])
        } else if let words = schema["enum"]?.arrayValue {
            schema["enum"] = .array(words + [.null])
        }
        return schema
    }
}
