import Configuration

/// What a file `data.yaml` says.
struct YoloFile {
    let names: [String]
    private let path: String
    private let places: [PartKind: [String]]
    /// What places count from.
    private let base: String

    /// Nil where the file has no names of classes, and so is about something else.
    init?(_ path: String) throws {
        let bytes = try readFile(path, maximum: 1 << 20)
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let root: LocatedNode
        do { root = try ConfigurationDocument.parse(text: text, name: path).root } catch {
            throw DatasetError(path, "this is no YAML that can be read (\(error))")
        }
        guard case .mapping(let pairs) = root.value, let named = pairs.first(where: { $0.key == "names" }) else {
            return nil
        }
        names = try Self.names(named.value, path)
        self.path = path
        let folder = CocoLayout.parent(path)
        let said = pairs.first { $0.key == "path" }.flatMap { Self.texts($0.value).first }
        // Where the file was moved, its own folder is as good.
        base = said.flatMap { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }.flatMap { isFolder($0) ? $0 : nil } ?? folder
        var places: [PartKind: [String]] = [:]
        for (kind, keys) in [
            (PartKind.training, ["train"]), (.validation, ["val", "valid", "validation"]), (.test, ["test"]),
        ] {
            for pair in pairs where keys.contains(pair.key) { places[kind, default: []] += Self.texts(pair.value) }
        }
        self.places = places
    }

    private static func texts(_ node: LocatedNode) -> [String] {
        switch node.value {
        case .scalar(let text, _): text.isEmpty || text == "null" || text == "~" ? [] : [text]
        case .list(let items): items.flatMap { texts($0) }
        case .mapping: []
        }
    }

    private static func names(_ node: LocatedNode, _ path: String) throws -> [String] {
        switch node.value {
        case .scalar, .list: return texts(node)
        case .mapping(let pairs):
            var entries: [(Int, String)] = []
            for pair in pairs {
                guard let number = Int(pair.key), let name = texts(pair.value).first else {
                    throw DatasetError(
                        path, "names has the key \(pair.key), expected the numbers 0, 1, ... with a name each")
                }
                entries.append((number, name))
            }
            entries.sort { $0.0 < $1.0 }
            guard entries.map(\.0) == Array(entries.indices) else {
                throw DatasetError(path, "the numbers of names are not 0 to \(entries.count - 1), each once")
            }
            return entries.map(\.1)
        }
    }

    /// The images of a part; nil where the file does not name one.
    func images(_ kind: PartKind, _ notices: inout [String]) throws -> [String]? {
        guard let places = places[kind], !places.isEmpty else { return nil }
        var images: [String] = []
        for place in places {
            guard let found = candidates(place).first(where: { exists($0) }) else {
                if kind == .training { return nil }
                notices.append("\(path): \(place) does not exist, so it is not used as the \(kind.rawValue) part")
                continue
            }
            if isFolder(found) {
                let inner = isFolder("\(found)/images") ? "\(found)/images" : found
                images += try MaskPairs.files(inner).map { "\(inner)/\($0)" }
            } else {
                images += try Self.lines(of: found)
            }
        }
        return images
    }

    /// Roboflow's files begin their places with `../`, although the folders lie beside the file.
    private func candidates(_ place: String) -> [String] {
        if place.hasPrefix("/") { return [place] }
        var inner = place[...]
        while inner.hasPrefix("../") { inner = inner.dropFirst(3) }
        let folder = CocoLayout.parent(path)
        return ["\(base)/\(place)", "\(folder)/\(inner)", "\(base)/\(inner)"]
    }

    /// The images that a text file lists.
    private static func lines(of file: String) throws -> [String] {
        let text = String(decoding: try readFile(file, maximum: 1 << 28), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).map { $0.filter { $0 != "\r" } }.filter { !$0.isEmpty }.map {
            line in
            if line.hasPrefix("/") { return line }
            let inner = line.hasPrefix("./") ? String(line.dropFirst(2)) : line
            return "\(CocoLayout.parent(file))/\(inner)"
        }
    }
}
