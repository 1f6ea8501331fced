import Configuration

/// The section `sweep` of a configuration: what `trainer sweep` varies where its command line says nothing. All else reads
/// the configuration as if the section were not there.
package struct SweepSection: Sendable {
    /// Keys and the values that they take, as `--vary` has them.
    package let variations: [String]

    private static let name = "sweep"
    /// What editors show.
    static let summary = "What `trainer sweep` varies where its command line says nothing"

    /// The section of a file; without variations where there is none.
    /// - Throws: `ConfigurationError` when the section is not as expected.
    package init(_ path: String, overrides: [String]) throws {
        let document = try ConfigurationDocument.load(path: path, overrides: overrides).keeping([Self.name])
        variations = try document.readResolved { reader in
            reader.section(Self.name, Self.summary) {
                $0.strings("vary", default: [], "Keys and the values they take, `key=value,value,...`")
            }
        }.value
    }

    static func without(_ document: ConfigurationDocument) -> ConfigurationDocument {
        document.keys.contains(name) ? document.keeping(Set(document.keys).subtracting([name])) : document
    }
}
