/// A configuration's value that a program makes rather than a file.
public indirect enum ConfigurationTree: Sendable {
    /// Any text, which is never taken for another kind of value than a string where it could be both.
    case text(String)
    /// A number.
    case number(Int)
    case list([ConfigurationTree])
    case mapping(KeyValuePairs<String, ConfigurationTree>)

    fileprivate func node(_ location: Location) -> LocatedNode {
        switch self {
        case .text(let text): LocatedNode(value: .scalar(text, plain: false), location: location)
        case .number(let number): LocatedNode(value: .scalar("\(number)", plain: true), location: location)
        case .list(let items): LocatedNode(value: .list(items.map { $0.node(location) }), location: location)
        case .mapping(let pairs):
            LocatedNode(
                value: .mapping(
                    pairs.map { LocatedPair(key: $0.key, keyLocation: location, value: $0.value.node(location)) }),
                location: location)
        }
    }
}

extension ConfigurationDocument {
    /// The document with these keys at its top alone.
    public func keeping(_ keys: Set<String>) -> ConfigurationDocument {
        changed { $0.filter { keys.contains($0.key) } }
    }

    /// The document with further keys at its top, in the place of those of the same name.
    /// - Parameter origin: what stands for the file in messages: `--teacher`.
    public func adding(
        _ tree: KeyValuePairs<String, ConfigurationTree>, origin: String
    ) -> ConfigurationDocument {
        let location = Location(rank: Location.firstOverrideRank, source: origin)
        let added = tree.map { LocatedPair(key: $0.key, keyLocation: location, value: $0.value.node(location)) }
        let names = Set(added.map(\.key))
        return changed { $0.filter { !names.contains($0.key) } + added }
    }

    private func changed(_ change: ([LocatedPair]) -> [LocatedPair]) -> ConfigurationDocument {
        guard case .mapping(let pairs) = root.value else { return self }
        var root = root
        root.value = .mapping(change(pairs))
        return ConfigurationDocument(files: files, root: root)
    }
}
