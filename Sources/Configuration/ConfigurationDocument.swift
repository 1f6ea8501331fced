/// One configuration: a YAML file over the files it extends, with `--set` overrides on top.
///
/// It knows the text and its places only; `read` gives it meaning.
public struct ConfigurationDocument: Sendable {
    /// The names of the files it was read from, the main file first.
    public let files: [String]
    package let root: LocatedNode

    /// Reads the file at `path` and those it extends, then applies overrides of the form `section.key=value` in turn.
    ///
    /// `extends: other.yaml` at the top of a file names the file it builds upon, absolute or relative to its own folder:
    /// mappings merge key by key and the extending file wins; lists and values are replaced whole. A key with nothing
    /// after its colon leaves an inherited section as it is; `null`, here and in overrides, stands for an absent key, so that
    /// it takes back what was inherited.
    ///
    /// - Throws: `ConfigurationError` with every file that cannot be read and every malformed override.
    public static func load(path: String, overrides: [String] = []) throws -> ConfigurationDocument {
        var loader = Loader()
        return try finish(loader.load(path: path, overrides: overrides), loader)
    }

    /// The same for a text; `name` stands for the file in messages, and `extends` is relative to its folder.
    public static func parse(text: String, name: String, overrides: [String] = []) throws -> ConfigurationDocument {
        var loader = Loader()
        return try finish(loader.load(text: text, name: name, path: nil, overrides: overrides), loader)
    }

    /// The keys at the top, in their order.
    public var keys: [String] {
        if case .mapping(let pairs) = root.value { return pairs.map(\.key) }
        return []
    }

    private static func finish(_ root: LocatedNode?, _ loader: Loader) throws -> ConfigurationDocument {
        guard let root, loader.problems.isEmpty else { throw loader.problems.error }
        return ConfigurationDocument(files: loader.files, root: root)
    }

    /// Reads the whole document with one function.
    ///
    /// - Throws: `ConfigurationError` with every problem of every value and every unknown key, by file and line; or what
    ///   `body` throws when nothing else was wrong before that.
    public func read<T>(_ body: (ConfigurationReader) throws -> T) throws -> T {
        try readResolved(body).value
    }

    /// Reads the document and tells also what was read: every key with its value and origin, and the canonical YAML
    /// of all keys in the order of reading, which gives the same values when read again.
    public func readResolved<T>(
        _ body: (ConfigurationReader) throws -> T
    ) throws -> (value: T, entries: [ConfigurationEntry], yaml: String) {
        let session = ReadingSession()
        let reader = ConfigurationReader(node: root, path: "", location: root.location, session: session)
        let value: T
        do {
            value = try body(reader)
        } catch {
            // The body ended early: keys it had not come to would look unknown, so only the problems so far count.
            if session.problems.isEmpty { throw error }
            throw session.problems.error
        }
        reader.reportUnknownKeys(allPaths: reader.entries.map(\.path))
        guard session.problems.isEmpty else { throw session.problems.error }
        return (value, reader.entries, resolvedYAML(reader))
    }
}
