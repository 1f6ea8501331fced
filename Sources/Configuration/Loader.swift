import Foundation

/// Reads a file and those it extends, applies the overrides, and collects what is wrong on the way.
struct Loader {
    private(set) var problems = ProblemList()
    /// The names of the files read, the main file first.
    private(set) var files: [String] = []

    /// How many files may extend one another.
    static let maximumFiles = 32

    mutating func load(path: String, overrides: [String]) -> LocatedNode? {
        let text: String
        do {
            text = try SourceFile.read(path: path, shownAs: path)
        } catch {
            problems.add(Location(rank: 0, source: path), error.message)
            return nil
        }
        return load(text: text, name: path, path: path, overrides: overrides)
    }

    mutating func load(text: String, name: String, path: String?, overrides: [String]) -> LocatedNode? {
        let ancestors = path.map { [Ancestor(identity: identity(of: $0), name: name)] } ?? []
        let root = compose(text: text, name: name, path: path ?? name, ancestors: ancestors)
        let parsed = overrides.enumerated().compactMap { parse(override: $0.element, index: $0.offset) }
        guard var root else { return nil }
        for override in parsed { apply(override, to: &root) }
        return root
    }

    mutating func add(_ failure: LocatedFailure) { problems.add(failure) }

    private struct Ancestor {
        var identity: String
        var name: String
    }

    private func identity(of path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// One file's mapping over those it extends.
    private mutating func compose(text: String, name: String, path: String, ancestors: [Ancestor]) -> LocatedNode? {
        let rank = files.count
        files.append(name)
        let whole = Location(rank: rank, source: name)
        let composer = YAMLComposer { Location(rank: rank, source: name, line: $0, column: $1) }
        let node: LocatedNode?
        do {
            node = try composer.compose(text)
        } catch {
            problems.add(error)
            return nil
        }
        guard let node else {
            problems.add(whole, "the file is empty, expected a mapping (lines of `key: value`)")
            return nil
        }
        guard case .mapping(var pairs) = node.value else {
            let found = if case .list = node.value { "a list" } else { node.found }
            problems.add(node.location, "found \(found) at the top of the file, expected a mapping (`key: value`)")
            return nil
        }
        guard let index = pairs.firstIndex(where: { $0.key == "extends" }) else { return node }
        let extends = pairs.remove(at: index).value
        let own = LocatedNode(value: .mapping(pairs), location: node.location)
        guard let base = base(extends, sayer: path, name: name, ancestors: ancestors) else { return nil }
        return own.merged(over: base)
    }

    /// The mapping that `extends: file` names.
    private mutating func base(
        _ node: LocatedNode, sayer: String, name: String, ancestors: [Ancestor]
    ) -> LocatedNode? {
        guard case .scalar(let said, _) = node.value, !node.isNull, !said.isEmpty else {
            problems.add(node.location, "`extends` is \(node.found), expected the path of a YAML file")
            return nil
        }
        let path = Paths.resolve(said, in: Paths.folder(of: sayer))
        let shown = Paths.tidied(Paths.resolve(said, in: Paths.folder(of: name)))
        let identity = identity(of: path)
        if let first = ancestors.firstIndex(where: { $0.identity == identity }) {
            let circle = (ancestors[first...].map(\.name) + [shown]).map { quoted(path: $0) }.joined(separator: " -> ")
            problems.add(node.location, "`extends` goes in a circle: \(circle)")
            return nil
        }
        guard files.count < Self.maximumFiles else {
            problems.add(
                node.location, "`extends` names one file more than the \(Self.maximumFiles) that may extend one another"
            )
            return nil
        }
        let text: String
        do {
            text = try SourceFile.read(path: path, shownAs: shown)
        } catch {
            problems.add(node.location, "`extends` names \(quoted(path: shown)), but \(error.message)")
            return nil
        }
        return compose(
            text: text, name: shown, path: path, ancestors: ancestors + [Ancestor(identity: identity, name: shown)])
    }
}
