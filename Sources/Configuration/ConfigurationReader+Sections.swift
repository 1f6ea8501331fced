extension ConfigurationReader {
    /// Whether a value is given under a key, so that one that need not be known may be read where it is.
    public func gives(_ key: String) -> Bool { has(key) }

    /// Reads a mapping under `key`; absent or null, it reads as an empty mapping with all defaults.
    ///
    /// Reading a section a second time adds to what is known of its keys.
    public func section<T>(
        _ key: String, _ summary: String, _ body: (ConfigurationReader) throws -> T
    ) rethrows -> T {
        let reader = sectionReader(key, summary, isOptional: false)
        return try body(reader)
    }

    /// Reads a mapping under `key`; nil when it is absent or null.
    public func optionalSection<T>(
        _ key: String, _ summary: String, _ body: (ConfigurationReader) throws -> T
    ) rethrows -> T? {
        guard has(key) else {
            let origin = node(key)?.location.origin ?? .defaultValue
            let entry = sectionEntry(key, summary, "a mapping", defaultValue: "null", origin: origin)
            guard session.isDescribing else {
                record(key, Record(entry: entry, output: .text("null")))
                return nil
            }
            return try body(sectionReader(key, summary, isOptional: true))
        }
        return try body(sectionReader(key, summary, isOptional: true))
    }

    /// Reads a list of mappings under `key`, each with `body`; absent, it is empty.
    public func list<T>(
        _ key: String, _ summary: String, _ body: (ConfigurationReader) throws -> T
    ) rethrows -> [T] {
        if case .sections(let readers) = records[key]?.output { return try readers.map(body) }
        let found = has(key) ? node(key) : nil
        let entry = sectionEntry(
            key, summary, "a list of mappings", kind: .sections, defaultValue: "null",
            origin: found?.location.origin ?? .defaultValue)
        var items: [LocatedNode] = []
        guard let found else {
            if session.isDescribing {
                let reader = ConfigurationReader(
                    node: nil, path: fullPath(key) + "[]", location: location, session: session)
                record(key, Record(entry: entry, output: .sections([reader])))
                return [try body(reader)]
            }
            // Not the same as an empty list, which may replace one that is given elsewhere.
            record(key, Record(entry: entry, output: .text("null")))
            return []
        }
        if case .list(let nodes) = found.value {
            items = nodes
        } else {
            session.problems.add(
                found.location, "\(quoted(fullPath(key))) is \(found.found), expected a list of mappings")
        }
        let readers = items.enumerated().map { index, item in
            mappingReader(item, path: "\(fullPath(key))[\(index)]")
        }
        record(key, Record(entry: entry, output: .sections(readers)))
        return try readers.map(body)
    }

    private func sectionReader(_ key: String, _ summary: String, isOptional: Bool) -> ConfigurationReader {
        if case .section(let reader) = records[key]?.output { return reader }
        let found = node(key)
        let reader: ConfigurationReader
        if let found, !found.isNull {
            reader = mappingReader(found, path: fullPath(key))
        } else {
            reader = ConfigurationReader(
                node: nil, path: fullPath(key), location: found?.location ?? location, session: session)
        }
        let entry = sectionEntry(
            key, summary, "a mapping", defaultValue: isOptional ? "null" : "{}",
            origin: found?.location.origin ?? .defaultValue)
        record(key, Record(entry: entry, output: .section(reader)))
        return reader
    }

    private func mappingReader(_ node: LocatedNode, path: String) -> ConfigurationReader {
        if !node.isMapping {
            session.problems.add(node.location, "\(quoted(path)) is \(node.found), expected a mapping (`key: value`)")
        }
        return ConfigurationReader(node: node, path: path, location: node.location, session: session)
    }

    private func sectionEntry(
        _ key: String, _ summary: String, _ expected: String, kind: ConfigurationEntry.Kind = .section,
        defaultValue: String, origin: ConfigurationOrigin
    ) -> ConfigurationEntry {
        ConfigurationEntry(
            path: fullPath(key), kind: kind, type: nil, expected: expected, choices: [], defaultValue: defaultValue,
            summary: summary, value: "", origin: origin)
    }
}
