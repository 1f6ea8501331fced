import Foundation

/// One `--set a.b.c=value`, its value already parsed.
struct Override {
    var keys: [String]
    var value: LocatedNode
    var location: Location
}

extension Loader {
    /// How many parts a key may have; no configuration is that deep.
    private static let maximumParts = 64

    /// Parses the text after `--set`; a mistake is recorded and gives nil.
    mutating func parse(override text: String, index: Int) -> Override? {
        let location = Location(
            rank: Location.firstOverrideRank + index, source: "--set \(shortened(text, to: 120))")
        func fail(_ message: String) -> Override? {
            add(LocatedFailure(location: location, message: message))
            return nil
        }
        guard let equals = text.firstIndex(of: "=") else {
            return fail("found no `=`, expected `--set section.key=value`")
        }
        // `stages[0].epochs`, as messages print it, is the same as `stages.0.epochs`.
        guard text[..<equals].count(where: { $0 == "." || $0 == "[" }) < Self.maximumParts else {
            return fail("the key has more than \(Self.maximumParts) parts, expected `--set section.key=value`")
        }
        let dotted = text[..<equals].replacing("[", with: ".").replacing("]", with: "")
        let keys = dotted.split(separator: ".", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard !keys.contains("") else {
            return fail("found an empty key before `=`, expected `--set section.key=value`")
        }
        guard keys != ["extends"] else {
            return fail("`extends` can only be given in a file")
        }
        let said = text[text.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        let composer = YAMLComposer { _, _ in location }
        do {
            guard let value = try composer.compose(said) else {
                return fail("found no value after `=`, expected `--set section.key=value`")
            }
            if case .scalar = value.value {
            } else if !said.hasPrefix("["), !said.hasPrefix("{") {
                return fail("the value reads as a collection, expected it in quotes, or in [] or {}")
            }
            return Override(keys: keys, value: value, location: location)
        } catch {
            return fail(error.message)
        }
    }

    /// Puts the value at its place; mappings on the way are made where nothing stands.
    mutating func apply(_ override: Override, to root: inout LocatedNode) {
        do {
            try apply(override, depth: 0, to: &root)
        } catch {
            add(error)
        }
    }

    private func apply(_ override: Override, depth: Int, to node: inout LocatedNode) throws(LocatedFailure) {
        guard depth < override.keys.count else {
            node = override.value.merged(over: node)
            return
        }
        let key = override.keys[depth]
        let parent = override.keys[..<depth].joined(separator: ".")
        switch node.value {
        case .mapping(var pairs):
            let empty = LocatedNode(value: .scalar("", plain: true), location: override.location)
            if let index = pairs.firstIndex(where: { $0.key == key }) {
                try apply(override, depth: depth + 1, to: &pairs[index].value)
                if depth + 1 == override.keys.count { pairs[index].keyLocation = override.location }
            } else {
                var value = empty
                try apply(override, depth: depth + 1, to: &value)
                pairs.append(LocatedPair(key: key, keyLocation: override.location, value: value))
            }
            node.value = .mapping(pairs)
        case .list(var items):
            guard let index = Int(key), items.indices.contains(index) else {
                throw LocatedFailure(
                    location: override.location,
                    message: "\(quoted(parent)) is a list of \(items.count), so \(quoted(key)) names nothing in it, "
                        + "expected a number from 0 to \(max(0, items.count - 1))")
            }
            try apply(override, depth: depth + 1, to: &items[index])
            node.value = .list(items)
        case .scalar:
            guard node.isNull else {
                throw LocatedFailure(
                    location: override.location,
                    message: "\(quoted(parent)) is \(node.found) (\(node.location)), so it has no key \(quoted(key))")
            }
            node = LocatedNode(value: .mapping([]), location: override.location)
            try apply(override, depth: depth, to: &node)
        }
    }
}
