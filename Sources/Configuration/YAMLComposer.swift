import Yams

/// Turns YAML text into located nodes, with limits that keep hostile input from taking time, memory or stack.
struct YAMLComposer: Sendable {
    static let maximumDepth = 64
    static let maximumNodes = 100_000

    /// Turns a line and column of the text, counted from 1, into a location.
    var locate: @Sendable (_ line: Int, _ column: Int) -> Location
    private var nodes = 0
    /// The lines of a text that may have anchors.
    private var lines: [Substring] = []

    init(locate: @escaping @Sendable (_ line: Int, _ column: Int) -> Location) { self.locate = locate }

    /// The text's only document, or nil when it holds nothing but blanks and comments.
    ///
    /// The parser recurses up to 1000 levels deep before it gives up, too deep for the stacks of some systems' secondary
    /// threads, so it runs on a thread of its own; where there is none to be had, here, if the text cannot be that deep.
    func compose(_ text: String) throws(LocatedFailure) -> LocatedNode? {
        var result: Result<LocatedNode?, LocatedFailure> = .success(nil)
        func run() {
            var composer = self
            result = Result { () throws(LocatedFailure) in try composer.composeHere(text) }
        }
        if !DeepStack.run(run) {
            guard DeepStack.nestingBound(text) <= Self.maximumBoundHere else {
                throw LocatedFailure(
                    location: locate(1, 1),
                    message:
                        "the system grants no thread to read a text that may nest so deep, expected a simpler one, "
                        + "or a higher limit of processes (ulimit -u)")
            }
            run()
        }
        return try result.get()
    }

    /// The deepest text that is read on the caller's own stack.
    private static let maximumBoundHere = 400

    private mutating func composeHere(_ text: String) throws(LocatedFailure) -> LocatedNode? {
        try checkSize(text)
        if let location = aliasInKey(text) {
            throw LocatedFailure(location: location, message: "aliases and collections as keys are not supported")
        }
        let root: Node?
        do {
            // The basic resolver leaves every plain scalar a string: types are decided by the reader of a key.
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw syntaxFailure(error, text: text)
        }
        guard let root else { return nil }
        if text.utf8.contains(UInt8(ascii: "&")) {
            lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        }
        let node = try convert(root, depth: 1)
        return node.saysNothing ? nil : node
    }

    /// Refuses what the parser would take long for: so many values that it would build them all before the limit speaks,
    /// and directives, for each of which it looks at all before it.
    private func checkSize(_ text: String) throws(LocatedFailure) {
        var separators = 0
        var line = 1
        var isLineStart = true
        for byte in text.utf8 {
            if isLineStart, byte == UInt8(ascii: "%") {
                throw LocatedFailure(
                    location: locate(line, 1),
                    message:
                        "a line that begins with % is a directive, which is not supported here; a value that begins "
                        + "with % must stand in quotes")
            }
            isLineStart = byte == UInt8(ascii: "\n")
            if isLineStart { line += 1 }
            if isLineStart || byte == UInt8(ascii: ",") { separators += 1 }
        }
        if separators > Self.maximumNodes {
            throw LocatedFailure(
                location: locate(1, 1), message: "more than \(Self.maximumNodes) lines and values; expected fewer")
        }
    }

    private mutating func convert(_ node: Node, depth: Int) throws(LocatedFailure) -> LocatedNode {
        let location = node.mark.map { locate($0.line, $0.column) } ?? locate(1, 1)
        nodes += 1
        guard nodes <= Self.maximumNodes else {
            throw LocatedFailure(
                location: location, message: "more than \(Self.maximumNodes) values, aliases expanded; expected fewer")
        }
        guard depth <= Self.maximumDepth else {
            throw LocatedFailure(location: location, message: "nested deeper than \(Self.maximumDepth) levels")
        }
        switch node {
        case .scalar(let scalar):
            let plain = try isPlain(scalar, location)
            if plain, scalar.string.isEmpty, let mark = node.mark, beginsWithAnchor(mark) {
                throw LocatedFailure(location: location, message: Self.quotesNeeded("&"))
            }
            return LocatedNode(value: .scalar(scalar.string, plain: plain), location: location)
        case .sequence(let sequence):
            try checkTag(sequence.tag, location)
            var items: [LocatedNode] = []
            for item in sequence { items.append(try convert(item, depth: depth + 1)) }
            return LocatedNode(value: .list(items), location: location)
        case .mapping(let mapping):
            try checkTag(mapping.tag, location)
            var pairs: [LocatedPair] = []
            for (key, value) in mapping {
                let keyLocation = key.mark.map { locate($0.line, $0.column) } ?? location
                guard case .scalar(let scalar) = key else {
                    throw LocatedFailure(location: keyLocation, message: "a key is a collection, expected a word")
                }
                if scalar.string == "<<", scalar.style == .plain {
                    throw LocatedFailure(
                        location: keyLocation,
                        message: "merge keys (`<<`) are not supported, use `extends` or repeat the keys")
                }
                let converted = try convert(value, depth: depth + 1)
                pairs.append(LocatedPair(key: scalar.string, keyLocation: keyLocation, value: converted))
            }
            return LocatedNode(value: .mapping(pairs), location: location)
        case .alias:
            throw LocatedFailure(location: location, message: "an alias without its anchor")
        }
    }

    /// Whether an anchor stands at a place: without a value behind it, it was meant as a value.
    private func beginsWithAnchor(_ mark: Mark) -> Bool {
        guard lines.indices.contains(mark.line - 1) else { return false }
        return lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first == "&"
    }

    private static let standardTags = Set(
        ["", "!"] + ["str", "int", "float", "bool", "null", "seq", "map"].map { "tag:yaml.org,2002:\($0)" })

    private func checkTag(_ tag: Tag, _ location: Location) throws(LocatedFailure) {
        if !Self.standardTags.contains(tag.rawValue) {
            throw LocatedFailure(
                location: location,
                message: "the tag \(quoted(tag.rawValue)) is not supported; \(Self.quotesNeeded("!"))")
        }
    }

    private func isPlain(_ scalar: Node.Scalar, _ location: Location) throws(LocatedFailure) -> Bool {
        try checkTag(scalar.tag, location)
        switch scalar.tag.rawValue {
        case "": return scalar.style == .plain
        case "!", Tag.Name.str.rawValue: return false
        default: return true
        }
    }

    /// The line where an alias or a collection is used as a key, in a text that has anchors and aliases.
    ///
    /// The parser hashes keys in full depth, so that a few nested aliases in a key would take exponential time before
    /// any limit of ours could see them. It looks at bytes, so it may take a comment of such a text for a key.
    private func aliasInKey(_ text: String) -> Location? {
        let bytes = Array(text.utf8)
        func isBlank(_ index: Int) -> Bool {
            index < 0 || index >= bytes.count || " \t\r\n".utf8.contains(bytes[index])
        }
        func isWord(_ index: Int) -> Bool {
            guard bytes.indices.contains(index) else { return false }
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...: return true
            default: return false
            }
        }
        func opens(_ index: Int) -> Bool { isBlank(index - 1) || ",[{-:?".utf8.contains(bytes[index - 1]) }
        func contains(_ sign: Character) -> Bool {
            bytes.indices.contains { bytes[$0] == sign.asciiValue && opens($0) && isWord($0 + 1) }
        }
        guard contains("&"), contains("*") else { return nil }
        var line = 1
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
            case UInt8(ascii: "?") where opens(index) && isBlank(index + 1):
                return locate(line, 1)
            case UInt8(ascii: ":"):
                var before = index - 1
                while before >= 0, isBlank(before) { before -= 1 }
                if before >= 0, "]}".utf8.contains(bytes[before]) { return locate(line, 1) }
                while isWord(before) { before -= 1 }
                if before >= 0, before < index - 1, bytes[before] == UInt8(ascii: "*") { return locate(line, 1) }
            default:
                break
            }
        }
        return nil
    }
}
