/// What an absent key reads as.
enum Fallback<Value> {
    case value(Value)
    case null
    case required
}

extension ConfigurationReader {
    /// Reads one scalar; nil only where the fallback is null and the key is absent or null. A written null stands for an absent
    /// key wherever one may be absent.
    func scalar<Value>(
        _ key: String, _ kind: ValueKind<Value>, _ fallback: Fallback<Value>, _ summary: String
    ) -> Value? {
        let found = node(key)
        if case .value(let value) = fallback { checkDefault([value], key, kind) }
        let entry = valueEntry(key, summary, kind.expected, kind.choices, kind.type, found: found)
        return resolve(
            key, entry: entry, found: found, fallback, harmless: kind.harmless, kind.format,
            notice: { node in
                guard case .scalar(let text, _) = node.value, let word = kind.newSpelling(text) else { return nil }
                return "\(node.location.origin): \(quoted(fullPath(key))) is \(quoted(text)), which is now written "
                    + "\(quoted(word)); the old word is still read"
            },
            { node in parse(node, kind, path: fullPath(key)) })
    }

    /// Reads a list of scalars with a number of entries in `count`.
    func scalars<Value>(
        _ key: String, _ kind: ValueKind<Value>, count: ClosedRange<Int>, _ fallback: Fallback<[Value]>,
        _ summary: String
    ) -> [Value]? {
        let found = node(key)
        if case .value(let values) = fallback { checkDefault(values, key, kind) }
        let expected = listText(count, kind)
        var type = kind.type
        type.count = count
        let entry = valueEntry(key, summary, expected, kind.choices, type, found: found)
        let harmless = [Value](repeating: kind.harmless, count: min(count.lowerBound, 1000))
        let format = { (values: [Value]) in "[" + values.map(kind.format).joined(separator: ", ") + "]" }
        return resolve(key, entry: entry, found: found, fallback, harmless: harmless, format) { node in
            guard case .list(let items) = node.value else {
                wrong(node, path: fullPath(key), expected: expected)
                return nil
            }
            let values = items.enumerated().map { parse($1, kind, path: "\(fullPath(key))[\($0)]") }
            guard count.contains(items.count) else {
                session.problems.add(
                    node.location, "\(quoted(fullPath(key))) is a list of \(items.count), expected \(expected)")
                return nil
            }
            return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
        }
    }

    /// A default out of its own range is a mistake of the program, not of its user.
    private func checkDefault<Value>(_ values: [Value], _ key: String, _ kind: ValueKind<Value>) {
        for value in values where !kind.accepts(value) {
            fatalError("The default \(kind.format(value)) of \(quoted(fullPath(key))) is not \(kind.expected).")
        }
    }

    private func resolve<Result>(
        _ key: String, entry: ConfigurationEntry, found: LocatedNode?, _ fallback: Fallback<Result>, harmless: Result,
        _ format: (Result) -> String, notice: (LocatedNode) -> String? = { _ in nil },
        _ parse: (LocatedNode) -> Result?
    ) -> Result? {
        var value: Result?
        var defaultText: String? = "null"
        switch fallback {
        case .value(let result):
            value = result
            defaultText = format(result)
        case .null:
            value = nil
        case .required:
            value = harmless
            defaultText = nil
        }
        if let found, !(found.isNull && defaultText == "null") {
            if found.isNull {
                // A key with nothing after its colon is a slip; null takes a value back.
                if found.saysNothing || defaultText == nil {
                    wrong(found, path: fullPath(key), expected: entry.expected)
                }
            } else if let parsed = parse(found) {
                value = parsed
            }
        } else if case .required = fallback, !isMisplaced {
            session.problems.add(location, "missing \(quoted(fullPath(key))), expected \(entry.expected)")
        }
        var entry = entry
        entry.notice = found.flatMap(notice)
        entry.defaultValue = defaultText
        entry.value = value.map(format) ?? "null"
        record(key, Record(entry: entry, output: .text(entry.value)))
        return value
    }

    private func parse<Value>(_ node: LocatedNode, _ kind: ValueKind<Value>, path: String) -> Value? {
        if case .scalar(let text, let plain) = node.value, !node.isNull, let value = kind.parse(text, plain) {
            return value
        }
        wrong(node, path: path, expected: kind.expected + kind.hint(node))
        return nil
    }

    private func wrong(_ node: LocatedNode, path: String, expected: String) {
        session.problems.add(node.location, "\(quoted(path)) is \(node.found), expected \(expected)")
    }

    private func valueEntry(
        _ key: String, _ summary: String, _ expected: String, _ choices: [String],
        _ type: ConfigurationEntry.ValueType, found: LocatedNode?
    ) -> ConfigurationEntry {
        ConfigurationEntry(
            path: fullPath(key), kind: .value, type: type, expected: expected, choices: choices,
            defaultValue: nil, summary: summary, value: "", origin: found?.location.origin ?? .defaultValue)
    }
}

/// `a list of 4 numbers from 0 to 1`, `a list of numbers from 0 to 1, with 1 to 4 entries`.
private func listText<Value>(_ count: ClosedRange<Int>, _ kind: ValueKind<Value>) -> String {
    let what = kind.plural + kind.constraint
    switch (count.lowerBound, count.upperBound) {
    case (0, .max): return "a list of \(what)"
    case (1, .max): return "a list of \(what), with at least one entry"
    case (let lower, .max): return "a list of \(what), with at least \(lower) entries"
    case (let lower, let upper):
        return lower == upper ? "a list of \(lower) \(what)" : "a list of \(what), with \(lower) to \(upper) entries"
    }
}
