// Configuration: reads YAML by declared keys and says what is wrong where; no key of any section is named here.

/// Reads the keys of one mapping, and remembers which were asked for.
///
/// A value with a problem is recorded and read as its default (or another harmless value), so that the rest is still
/// read and all problems are reported together. Keys never asked for are unknown keys.
public final class ConfigurationReader {
    /// Dotted path of the mapping, empty at the top.
    public let path: String
    let location: Location
    let session: ReadingSession
    private let pairs: [LocatedPair]
    /// True where something other than a mapping stands in the mapping's place, which is a problem already recorded.
    let isMisplaced: Bool
    private var positions: [String: Int]
    private(set) var order: [String] = []
    private(set) var records: [String: Record] = [:]
    /// Keys that are passed over as if the document did not give them.
    private var leftOut: Set<String> = []

    /// What was read under one key.
    struct Record {
        var entry: ConfigurationEntry
        var output: Output
    }

    enum Output {
        case text(String)
        case section(ConfigurationReader)
        case sections([ConfigurationReader])
    }

    /// Nil stands for a mapping that is absent or no mapping: all its keys take their defaults.
    init(node: LocatedNode?, path: String, location: Location, session: ReadingSession) {
        if case .mapping(let pairs) = node?.value { self.pairs = pairs } else { self.pairs = [] }
        isMisplaced = node != nil && node?.isMapping != true
        positions = Dictionary(pairs.enumerated().map { ($1.key, $0) }) { first, _ in first }
        self.path = path
        self.location = location
        self.session = session
    }

    /// The keys the document gives in this mapping, in its order.
    public var keys: [String] { pairs.map(\.key) }

    /// True when the document gives the key, with a value other than null.
    public func has(_ key: String) -> Bool { node(key).map { !$0.isNull } ?? false }

    /// Records a check of the caller's own, located at the key, or at the section when the key is absent.
    public func problem(_ key: String, _ message: String) {
        session.problems.add(node(key)?.location ?? location, "\(quoted(fullPath(key))): \(message)")
    }

    /// What the document said under the key before a nearer place said something else: an option speaks over files, a file
    /// over those that it extends. Nil where nothing was replaced.
    public func replacedText(_ key: String) -> String? {
        guard case .scalar(let text, _)? = node(key)?.replaced.first?.value else { return nil }
        return text
    }

    /// The text that the document gives under a key, which stays to be read: for what decides how other keys are read.
    /// Nil where there is none, or something other than a single value.
    public func givenText(_ key: String) -> String? {
        guard case .scalar(let text, _)? = node(key)?.value else { return nil }
        return text
    }

    /// Passes over those of the keys that are given farther away than `decisive` is, as if they were absent.
    ///
    /// - Returns: the keys that are passed over, with the place of each.
    public func leaveOut(_ keys: Set<String>, fartherThan decisive: String) -> [(
        key: String, origin: ConfigurationOrigin
    )] {
        guard let nearer = node(decisive)?.location else { return [] }
        let farther = pairs.filter { keys.contains($0.key) && nearer.isNearer(than: $0.value.location) }
        for pair in farther {
            positions[pair.key] = nil
            leftOut.insert(pair.key)
        }
        return farther.map { ($0.key, $0.value.location.origin) }
    }

    func node(_ key: String) -> LocatedNode? { positions[key].map { pairs[$0].value } }

    func fullPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func record(_ key: String, _ record: Record) {
        if records.updateValue(record, forKey: key) == nil { order.append(key) }
    }

    /// Notes that a list may stand where a single value was read.
    func allowList(_ key: String) { records[key]?.entry.type?.isSingleOrList = true }

    /// Everything read in this mapping and below, in order of reading.
    var entries: [ConfigurationEntry] {
        order.flatMap { key -> [ConfigurationEntry] in
            guard let record = records[key] else { return [] }
            switch record.output {
            case .text: return [record.entry]
            case .section(let reader): return [record.entry] + reader.entries
            case .sections(let readers): return [record.entry] + readers.flatMap(\.entries)
            }
        }
    }

    /// Records a problem for each key that nobody asked for, here and below. A null that takes back what another file said is
    /// none: without that key nothing is unknown.
    func reportUnknownKeys(allPaths: [String]) {
        for pair in pairs where records[pair.key] == nil && !leftOut.contains(pair.key) && !pair.value.takesBack {
            session.unknownKeys += 1
            // Suggestions take time, and nobody reads hundreds of them.
            let message =
                session.unknownKeys <= 200
                ? unknownKeyMessage(pair.key, allPaths: allPaths) : "unknown key \(quoted(fullPath(pair.key)))"
            session.problems.add(pair.keyLocation, message)
        }
        for key in order {
            switch records[key]?.output {
            case .section(let reader): reader.reportUnknownKeys(allPaths: allPaths)
            case .sections(let readers): for reader in readers { reader.reportUnknownKeys(allPaths: allPaths) }
            case .text, nil: break
            }
        }
    }

    /// What a name that other programs use is called here: a key of this section by its name, another one by its path.
    private func nameOfTheField(_ key: String, allPaths: [String]) -> String? {
        // An entry of a list has keys of its own.
        guard !path.contains("["), var known = FieldNames.key(of: key) else { return nil }
        // `stage.max_epochs` means the epochs of that section, not those of training.
        if let own = order.first(where: { known.hasSuffix(".\($0)") }) { return own }
        // A section that is absent has none of its keys read.
        if !allPaths.contains(known), let dot = known.lastIndex(of: ".") { known = String(known[..<dot]) }
        guard known.contains("."), allPaths.contains(known) else { return nil }
        return !path.isEmpty && known.hasPrefix(path + ".") ? String(known.dropFirst(path.count + 1)) : known
    }

    private func unknownKeyMessage(_ key: String, allPaths: [String]) -> String {
        let unknown = "unknown key \(quoted(key))" + (path.isEmpty ? "" : " in \(quoted(path))")
        if key == "extends" { return "\(unknown), `extends` belongs at the top of a file" }
        if let known = order.first(where: { isSameWord($0, key) }) ?? nameOfTheField(key, allPaths: allPaths)
            ?? nearest(key, in: order)
        {
            return "\(unknown), did you mean \(quoted(known))?"
        }
        // The right word in the wrong section.
        if let elsewhere = allPaths.first(where: { isSameWord(String($0.split(separator: ".").last ?? ""), key) }) {
            return "\(unknown), did you mean \(quoted(elsewhere))?"
        }
        if order.isEmpty { return "\(unknown), expected no keys there" }
        return "\(unknown), expected one of \(listing(order))"
    }
}

/// What the readers of one document share.
final class ReadingSession {
    var problems = ProblemList()
    var unknownKeys = 0
    /// Whether absent sections are read as well, for the sake of their keys.
    var isDescribing = false
}

/// Words in back-quotes with commas, at most 16 of them.
func listing(_ words: [String]) -> String {
    words.prefix(16).map { quoted($0) }.joined(separator: ", ") + (words.count > 16 ? ", ..." : "")
}
