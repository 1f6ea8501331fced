import Yams

extension YAMLComposer {
    /// A parser's error as one sentence at its place.
    func syntaxFailure(_ error: any Error, text: String) -> LocatedFailure {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            if let (mark, sign) = unquoted(problem, context, mark, text) {
                return LocatedFailure(
                    location: locate(mark.line, mark.column), message: "not valid YAML: \(Self.quotesNeeded(sign))")
            }
            return LocatedFailure(
                location: locate(mark.line, mark.column), message: sentence(problem, context, mark, text))
        case .duplicatedKeysInMapping(let keys, let context):
            return duplicateKeyFailure(keys, firstMark: context.mark, text: text)
        case .reader(_, let offset, let value, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count(where: \.isNewline) + 1
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return LocatedFailure(
                location: locate(line, column),
                message: "the character U+\(hexadecimal(value)) is not allowed in YAML, expected text")
        default:
            return LocatedFailure(location: locate(1, 1), message: "not valid YAML")
        }
    }

    /// What to do about a value that begins with one of YAML's own signs.
    static func quotesNeeded(_ sign: Character) -> String {
        "a value that begins with \(sign) must stand in quotes"
    }

    /// The place of such a value and its sign, where that is what an error is about.
    private func unquoted(
        _ problem: String, _ context: YamlError.Context?, _ mark: Mark, _ text: String
    ) -> (mark: Mark, sign: Character)? {
        let signs: [(context: String, sign: Character)] = [
            ("an alias", "*"), ("an anchor", "&"), ("a tag", "!"), ("a block scalar", "|"), ("a directive", "%"),
        ]
        if let context, !problem.hasPrefix("found a tab"),
            let sign = signs.first(where: { context.text.contains("scanning \($0.context)") })?.sign
        {
            let found = character(at: context.mark, text)
            return (context.mark, found == ">" ? ">" : sign)
        }
        if problem.hasPrefix("found undefined alias") || problem.hasPrefix("found undefined tag handle") {
            return (mark, problem.contains("alias") ? "*" : "!")
        }
        guard problem.contains("cannot start any token"), let sign = character(at: mark, text), sign != "\t" else {
            return nil
        }
        return (mark, sign)
    }

    private func character(at mark: Mark, _ text: String) -> Character? {
        let lines = text.split(separator: "\n", maxSplits: mark.line, omittingEmptySubsequences: false)
        guard mark.line >= 1, mark.line <= lines.count else { return nil }
        return lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first.map { Character($0) }
    }

    private func sentence(_ problem: String, _ context: YamlError.Context?, _ mark: Mark, _ text: String) -> String {
        if problem.hasPrefix("Maximum nesting level") { return "nested deeper than \(Self.maximumDepth) levels" }
        if problem == "but found another document" { return "a second document begins here, expected only one" }
        if problem.contains("cannot start any token"), character(at: mark, text) == "\t" {
            return "not valid YAML: found a tab, expected spaces as indentation"
        }
        if problem.hasPrefix("found a tab character") {
            return "not valid YAML: found a tab in the indentation, expected spaces"
        }
        if problem.hasPrefix("found unknown escape character") {
            return
                "not valid YAML: found a backslash in double quotes that stands for no character, expected single quotes "
                + "around the value"
        }
        if problem.hasPrefix("mapping values are not allowed") {
            return
                "not valid YAML: found a `:` where no key can stand, expected quotes around a value that holds `: `, "
                + "or a key at the indentation of its neighbours"
        }
        var message = "not valid YAML: \(problem)"
        if let context {
            message += " \(context.text)"
            if context.mark.line != mark.line { message += " that begins in line \(context.mark.line)" }
        }
        return message
    }

    /// Points at the second of two equal keys of a block mapping; at the first where the text does not show the second.
    private func duplicateKeyFailure(_ keys: [String], firstMark: Mark, text: String) -> LocatedFailure {
        let key = keys.first ?? ""
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated().dropFirst(firstMark.line) {
            let indentation = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indentation)
            if content.isEmpty || content.hasPrefix("#") || content == "\r" { continue }
            if indentation + 1 < firstMark.column { break }
            if indentation + 1 == firstMark.column {
                let name = content.prefix { $0 != ":" }.filter { !"\"' ".contains($0) }
                if name == key {
                    return LocatedFailure(
                        location: locate(index + 1, indentation + 1),
                        message: "the key \(quoted(key)) is given twice, first in line \(firstMark.line)")
                }
            }
        }
        return LocatedFailure(
            location: locate(firstMark.line, firstMark.column),
            message: "the key \(quoted(key)) is given twice in one mapping")
    }
}

private func hexadecimal(_ value: Int32) -> String {
    let digits = String(max(0, value), radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
