/// A place in a source of configuration: a file's line and column, a whole file (line 0), or a `--set` option.
package struct Location: Sendable, Equatable, Comparable, CustomStringConvertible {
    /// Order of the source: the main file, the files it extends, then the options.
    package var rank: Int
    package var source: String
    package var line = 0
    package var column = 0

    static let firstOverrideRank = 1_000_000

    package var description: String { line == 0 ? source : "\(source):\(line):\(column)" }

    var isOverride: Bool { rank >= Self.firstOverrideRank }

    /// Whether this place speaks over the other one: an option over files, a file over those that it extends. All options
    /// are equally near.
    func isNearer(than other: Location) -> Bool {
        if isOverride || other.isOverride { return isOverride && !other.isOverride }
        return rank < other.rank
    }

    package static func < (lhs: Location, rhs: Location) -> Bool {
        (lhs.rank, lhs.line, lhs.column) < (rhs.rank, rhs.line, rhs.column)
    }
}

/// A YAML value that knows where it stands.
package struct LocatedNode: Sendable {
    package enum Value: Sendable {
        /// `plain` is false for quoted text, which can only be a string.
        case scalar(String, plain: Bool)
        case list([LocatedNode])
        case mapping([LocatedPair])
    }

    package var value: Value
    package var location: Location
    /// What stood in this node's place in a file that was extended, or before an option: the nearest first.
    package var replaced: [LocatedNode] = []

    /// True for a key with nothing after its colon, as when all the lines of a section are commented out.
    var saysNothing: Bool {
        if case .scalar("", plain: true) = value { return true }
        return false
    }

    var isNull: Bool {
        if case .scalar(let text, plain: true) = value { return ["", "~", "null", "Null", "NULL"].contains(text) }
        return false
    }

    var isMapping: Bool {
        if case .mapping = value { return true }
        return false
    }

    /// What a message says was found.
    var found: String {
        switch value {
        case .scalar: break
        case .list: return "a list"
        case .mapping: return "a mapping"
        }
        guard case .scalar(let text, let plain) = value else { return "" }
        if saysNothing { return "empty" }
        return plain ? quoted(text) : quoted("\"\(text)\"")
    }

    /// This node over `base`: mappings merge key by key, anything else replaces, a key left empty changes no mapping.
    func merged(over base: LocatedNode) -> LocatedNode {
        guard case .mapping(var pairs) = base.value else { return replacing(base) }
        if saysNothing { return base }
        guard case .mapping(let own) = value else { return replacing(base) }
        var positions = [String: Int](minimumCapacity: pairs.count)
        for (index, pair) in pairs.enumerated() { positions[pair.key] = index }
        for pair in own {
            if let index = positions[pair.key] {
                pairs[index] = LocatedPair(
                    key: pair.key, keyLocation: pair.keyLocation, value: pair.value.merged(over: pairs[index].value))
            } else {
                pairs.append(pair)
            }
        }
        return LocatedNode(value: .mapping(pairs), location: location)
    }

    /// Whether this is a null that takes back what was said farther away.
    var takesBack: Bool { isNull && !saysNothing && !replaced.isEmpty }

    /// This node, which remembers the scalar that stood in its place, and, as null, whatever stood there.
    private func replacing(_ base: LocatedNode) -> LocatedNode {
        guard !base.saysNothing else { return self }
        if !isNull { guard case .scalar = base.value else { return self } }
        var node = self
        node.replaced += [LocatedNode(value: base.value, location: base.location)] + base.replaced
        return node
    }
}

/// One key of a mapping with its value.
package struct LocatedPair: Sendable {
    package var key: String
    package var keyLocation: Location
    package var value: LocatedNode
}
