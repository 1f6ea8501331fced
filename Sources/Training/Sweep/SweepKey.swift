import Configuration
import Tasks

/// A varied key with all that was said of it.
struct SweepKey {
    /// What one `--vary` says: values or a range, perhaps under a condition.
    struct Said {
        let text: String
        let key: String
        let values: [String]
        /// In place of values.
        let range: SweepRange?
        let condition: Condition?
    }

    /// That another key, which is varied too, has one of these values.
    struct Condition: Equatable {
        let key: String
        let values: [String]
    }

    let name: String
    /// One, or several under conditions of which one holds at most.
    fileprivate(set) var alternatives: [Said]

    /// The values of all lists.
    var listed: [String] {
        alternatives.flatMap(\.values).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// What holds where the keys before this one have these values; nil where none of the conditions does.
    func alternative(_ values: [String], _ keys: [SweepKey]) -> Said? {
        alternatives.first { said in
            guard let condition = said.condition else { return true }
            return keys.firstIndex { $0.name == condition.key }.map { condition.values.contains(values[$0]) } ?? false
        }
    }

    /// The keys in the order in which they are first named.
    /// - Throws: `RecipeError` for a key or a value that is said twice, and for a condition that cannot hold.
    static func all(_ texts: [String]) throws -> [SweepKey] {
        var keys: [SweepKey] = []
        for text in texts {
            let said = try Said(text)
            if let condition = said.condition { try check(condition, said, keys) }
            if let index = keys.firstIndex(where: { $0.name == said.key }) {
                try check(said, beside: keys[index].alternatives)
                keys[index].alternatives.append(said)
            } else {
                keys.append(SweepKey(name: said.key, alternatives: [said]))
            }
        }
        return keys
    }

    /// A condition asks for a value that a key before it takes.
    private static func check(_ condition: Condition, _ said: Said, _ keys: [SweepKey]) throws {
        guard let other = keys.first(where: { $0.name == condition.key }), other.name != said.key else {
            let names = keys.map(\.name).filter { $0 != said.key }
            let advice =
                nearest(condition.key, in: names).map { "did you mean `if \($0)=...`?" }
                ?? "expected a key of a --vary before this one"
                + (names.isEmpty ? "" : ": " + names.joined(separator: ", "))
            throw RecipeError(
                "--vary \(said.text): the condition asks for \(condition.key), which is not varied before, \(advice)")
        }
        guard !other.alternatives.contains(where: { $0.range != nil }) else {
            throw RecipeError(
                "--vary \(said.text): the condition asks for \(condition.key), which has a range, expected a key with a list "
                    + "of values")
        }
        for value in condition.values where !other.listed.contains(value) {
            let near = nearest(value, in: other.listed).map { ", did you mean `if \(condition.key)=\($0)`?" }
            throw RecipeError(
                "--vary \(said.text): \(condition.key) does not take the value \(value)"
                    + (near ?? ", expected one of \(other.listed.joined(separator: ", "))"))
        }
    }

    /// Several lists of one key exclude each other.
    private static func check(_ said: Said, beside others: [Said]) throws {
        for other in others {
            guard let condition = said.condition, let before = other.condition else {
                throw RecipeError("--vary names \(said.key) twice, give all its values at once")
            }
            guard condition.key == before.key, !condition.values.contains(where: before.values.contains) else {
                throw RecipeError(
                    "--vary names \(said.key) twice where `\(before.key)=\(before.values.joined(separator: ","))` and "
                        + "`\(condition.key)=\(condition.values.joined(separator: ","))` may both hold, expected conditions "
                        + "on different values of one key")
            }
        }
    }
}

extension SweepKey.Said {
    /// - Throws: `RecipeError` for a text that is not `key=value,value,...` or `key=low..high`.
    init(_ text: String) throws {
        guard let equals = text.firstIndex(of: "=") else {
            throw RecipeError("--vary \(text): found no `=`, expected `--vary section.key=value,value,...`")
        }
        let key = text[..<equals].trimmed
        let (values, condition) = try Self.parts(text[text.index(after: equals)...], of: text)
        guard !key.isEmpty, !values.contains("") else {
            throw RecipeError(
                "--vary \(text): found an empty \(key.isEmpty ? "key" : "value"), expected "
                    + "`--vary section.key=value,value`")
        }
        if values.count == 1, let range = try SweepRange(values[0], of: text) {
            self.init(text: text, key: key, values: [], range: range, condition: condition)
            return
        }
        for (index, value) in values.enumerated() {
            if values[..<index].contains(value) {
                throw RecipeError("--vary \(text): the value \(value) stands there twice")
            }
            if (try? SweepRange(value, of: text)) != nil {
                throw RecipeError("--vary \(text): the range \(value) stands in a list, expected it alone")
            }
        }
        self.init(text: text, key: key, values: values, range: nil, condition: condition)
    }

    /// The values, and what stands behind ` if `.
    private static func parts(
        _ text: Substring, of whole: String
    ) throws -> (values: [String], condition: SweepKey.Condition?) {
        let pieces = cut(text, at: " if ")
        let values = cut(pieces[0], at: ",").map(\.trimmed)
        guard pieces.count > 1 else { return (values, nil) }
        let condition = pieces[1]
        guard pieces.count == 2, let equals = condition.firstIndex(of: "=") else {
            throw RecipeError(
                "--vary \(whole): found `if \(pieces[1...].joined(separator: " if ").trimmed)`, expected one condition such "
                    + "as `if section.key=value`")
        }
        let key = condition[..<equals].trimmed
        let wanted = cut(condition[condition.index(after: equals)...], at: ",").map(\.trimmed)
        guard !key.isEmpty, !wanted.contains("") else {
            throw RecipeError(
                "--vary \(whole): the condition has an empty \(key.isEmpty ? "key" : "value"), expected `if "
                    + "section.key=value,value`")
        }
        return (values, SweepKey.Condition(key: key, values: wanted))
    }

    /// Cuts at separators outside of quotes and brackets.
    private static func cut(_ text: Substring, at separator: String) -> [Substring] {
        var parts: [Substring] = []
        var depth = 0
        var quote: Character?
        var start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if "[{".contains(character) {
                depth += 1
            } else if "]}".contains(character) {
                depth -= 1
            } else if depth == 0, text[index...].hasPrefix(separator) {
                parts.append(text[start..<index])
                start = text.index(index, offsetBy: separator.count)
                index = start
                continue
            }
            index = text.index(after: index)
        }
        return parts + [text[start...]]
    }
}

extension StringProtocol {
    /// Without spaces at the ends.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
