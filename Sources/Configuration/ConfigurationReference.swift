/// Every key that a configuration may have, taken from the declarations of its readers: they read an empty document
/// with all sections and lists opened, and again for each word that decides which keys there are.
public struct ConfigurationReference: Sendable {
    /// A key whose word decides which other keys beside it there are, or what they may be.
    public struct Switch: Sendable {
        /// One kind of thing that the words of the key name.
        public struct Kind: Sendable {
            /// What is said of keys that only this setting has.
            public var label: String
            /// The words of the key that stand for it.
            public var words: [String]
            /// A configuration that says one of them.
            public var text: String

            /// A setting of one or more switches.
            public init(_ label: String, words: [String], text: String) {
                (self.label, self.words, self.text) = (label, words, text)
            }
        }

        /// Such as `model.name`, or `stage.losses[].kind` for a key in the entries of a list; all have the same kinds.
        public var keys: [String]
        /// Its settings.
        public var kinds: [Kind]
        /// The sections that it decides about; nil for all.
        public var sections: [String]?

        /// A switch of these keys.
        /// - Parameter sections: those that it decides about; nil for all.
        public init(_ keys: [String], _ kinds: [Kind], sections: [String]? = nil) {
            (self.keys, self.kinds, self.sections) = (keys, kinds, sections)
        }

        /// Whether it decides about a key.
        func decides(_ path: String) -> Bool {
            sections?.contains { path == $0 || path.hasPrefix($0 + ".") } ?? true
        }
    }

    /// What a key is for some kinds of things.
    public struct Form: Sendable, Equatable {
        /// Labels of kinds; empty when it is the same for all of them.
        public var labels: [String]
        /// What the key is under that setting.
        public var entry: ConfigurationEntry
    }

    /// A key with what it may be.
    public struct Key: Sendable, Equatable {
        /// Dotted path; the entries of a list have `[]` in place of their number.
        public var path: String
        /// What it is, one for each setting in which it differs.
        public var forms: [Form]

        /// The path of the section that the key stands in, empty at the top.
        public var section: String { path.lastIndex(of: ".").map { String(path[..<$0]) } ?? "" }
        /// The path within its section.
        public var name: String { section.isEmpty ? path : String(path.dropFirst(section.count + 1)) }
        /// A section, or with `isList` a list of sections.
        public var isSection: Bool { forms[0].entry.kind != .value }
        /// Whether it is a list of sections.
        public var isList: Bool { forms[0].entry.kind == .sections }
    }

    /// In the order of reading; a section stands before its keys.
    public private(set) var keys: [Key] = []
    /// The keys whose settings decide which others there are.
    public let switches: [Switch]

    /// - Parameter read: reads a whole configuration; what it finds missing does not matter here.
    public init(switches: [Switch], _ read: (ConfigurationReader) -> Void) throws {
        self.switches = switches
        for entry in try Self.entries("{}", read) { add(Form(labels: [], entry: entry), after: keys.last?.path) }
        for one in switches {
            let readings = try one.kinds.map { (label: $0.label, entries: try Self.entries($0.text, read)) }
            for reading in readings {
                var last: String?
                for entry in reading.entries {
                    if !keys.contains(where: { $0.path == entry.path }) {
                        add(Form(labels: [], entry: entry), after: last)
                    }
                    last = entry.path
                }
            }
            for index in keys.indices where one.decides(keys[index].path) {
                var forms: [Form] = []
                for reading in readings {
                    guard let entry = reading.entries.first(where: { $0.path == keys[index].path }) else { continue }
                    if let same = forms.firstIndex(where: { $0.entry == entry }) {
                        forms[same].labels.append(reading.label)
                    } else {
                        forms.append(Form(labels: [reading.label], entry: entry))
                    }
                }
                // What is the same for all kinds, or has to do with another switch, stays as it was.
                let isSame = forms.count == 1 && forms[0].labels.count == readings.count
                if !forms.isEmpty, !isSame { keys[index].forms = forms }
            }
        }
    }

    private mutating func add(_ form: Form, after path: String?) {
        let place = path.flatMap { path in keys.firstIndex { $0.path == path } }.map { $0 + 1 } ?? keys.count
        keys.insert(Key(path: form.entry.path, forms: [form]), at: place)
    }

    /// The switch that decides about the keys of a section.
    public func deciding(_ section: String) -> Switch? {
        switches.first {
            $0.keys.contains { $0.hasPrefix(section + ".") && !$0.dropFirst(section.count + 1).contains(".") }
        }
    }

    /// Every key of a document of that text, each path once, without what the document itself says.
    package static func entries(_ text: String, _ read: (ConfigurationReader) -> Void) throws -> [ConfigurationEntry] {
        let document = try ConfigurationDocument.parse(text: text, name: "reference")
        let session = ReadingSession()
        session.isDescribing = true
        let reader = ConfigurationReader(
            node: document.root, path: "", location: document.root.location, session: session)
        read(reader)
        var seen: Set<String> = []
        return reader.entries.compactMap { found in
            var entry = found
            entry.path = anyEntry(found.path)
            entry.value = ""
            entry.origin = .defaultValue
            return seen.insert(entry.path).inserted ? entry : nil
        }
    }

    /// `stages[3].epochs` as `stages[].epochs`.
    package static func anyEntry(_ path: String) -> String {
        var result = ""
        var isWithin = false
        for character in path {
            if character == "]" { isWithin = false }
            if !isWithin { result.append(character) }
            if character == "[" { isWithin = true }
        }
        return result
    }
}
