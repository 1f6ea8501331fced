/// What a file `classes.txt` says: a line for each class, `name`, or `index name` where the index is the class's value in
/// masks; a line `255 ignore` marks a value that counts for nothing. ADE20K's `objectInfo150.txt` is read as well.
struct ClassFile: Sendable, Equatable {
    static let name = "classes.txt"
    /// ADE20K's table: a line of headings, then index, three shares, whether it is stuff, and names, with tabs between.
    static let tableName = "objectInfo150.txt"

    let path: String
    /// In the order of the values, or of the lines where there are no indices.
    private(set) var names: [String] = []
    /// The value of each class; nil without indices.
    private(set) var values: [Int]?
    private(set) var ignored: [Int] = []

    /// The file in the first folder that has one.
    static func find(in folders: [String]) throws -> ClassFile? {
        for name in [name, tableName] {
            for folder in folders where exists("\(folder)/\(name)") { return try ClassFile("\(folder)/\(name)") }
        }
        return nil
    }

    init(_ path: String) throws {
        try self.init(decoding: readFile(path, maximum: 1 << 20), path: path)
    }

    init(decoding bytes: [UInt8], path: String) throws {
        self.path = path
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw DatasetError(path, "this is no text in UTF-8")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        let lines = text.split(whereSeparator: \.isNewline).map { Self.trimmed($0) }.filter {
            !$0.isEmpty && !$0.hasPrefix("#")
        }
        if path.hasSuffix(Self.tableName) {
            try readTable(lines)
            return
        }
        let pairs = lines.map { Self.parted($0) }
        var entries: [(value: Int, name: String)] = []
        let isIndexed = pairs.count { $0 != nil } > 1 || (lines.count == 1 && pairs.first.flatMap { $0 } != nil)
        guard isIndexed else {
            names = lines
            try check()
            return
        }
        for (line, pair) in zip(lines, pairs) {
            guard let pair else {
                throw DatasetError(
                    path, "the line \"\(line)\" has no index as the other lines have, expected \"index name\"")
            }
            if pair.name.lowercased() == "ignore" { ignored.append(pair.value) } else { entries.append(pair) }
        }
        entries.sort { $0.value < $1.value }
        names = entries.map(\.name)
        values = entries.map(\.value)
        try check()
    }

    private mutating func readTable(_ lines: [String]) throws {
        let rows = lines.dropFirst().map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        }
        // Of several names the first is enough, unless another class has it too.
        let firsts = rows.compactMap { $0.last?.split(separator: ",").first.map { Self.trimmed($0) } }
        var indices: [Int] = []
        for (row, line) in zip(rows, lines.dropFirst()) {
            guard row.count > 1, let index = Int(row[0]), let all = row.last,
                let first = all.split(separator: ",").first.map({ Self.trimmed($0) })
            else { throw DatasetError(path, "the line \"\(line)\" does not begin with an index and end with a name") }
            indices.append(index)
            names.append(firsts.count { $0 == first } > 1 ? all : first)
        }
        values = indices
        // What is of no class is 0 there.
        if !indices.contains(0) { ignored = [0] }
        try check()
    }

    private func check() throws {
        guard !names.isEmpty else { throw DatasetError(path, "the file names no class") }
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw DatasetError(path, "the class \(name) is named twice")
        }
    }

    private static func trimmed(_ line: Substring) -> String {
        var line = line
        while line.first?.isWhitespace == true { line.removeFirst() }
        while line.last?.isWhitespace == true { line.removeLast() }
        return String(line)
    }

    /// `7 car`, `7: car` or `7, car`.
    private static func parted(_ line: String) -> (value: Int, name: String)? {
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        guard let value = Int(digits), let next = line[digits.endIndex...].first,
            next.isWhitespace || next == ":" || next == ","
        else { return nil }
        let name = trimmed(line[digits.endIndex...].drop { $0.isWhitespace || $0 == ":" || $0 == "," })
        return name.isEmpty ? nil : (value, name)
    }
}
