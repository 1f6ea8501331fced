import Configuration

/// Images and what is said of each in words: the rows of a CSV file, or the samples of tar files.
package struct SampleTable: Sendable {
    /// One image.
    struct Row: Sendable {
        let image: ImageSource
        /// Where it is listed, for messages: `line 7`, or the sample's name in a tar file.
        let place: String
        let part: PartKind
        /// One for each column; empty where nothing is said.
        let cells: [String]
    }

    /// The file, the folder or the pattern of files.
    let path: String
    /// What was recognized, in a few words.
    let format: String
    /// The folder that it lies in.
    let root: String
    /// What is said of the images, beside the image itself and its part.
    let columns: [String]
    let rows: [Row]
    /// Whether it says which part an image belongs to.
    let isDivided: Bool
    var notices: [String] = []

    /// The column that is said to weigh an image's loss.
    static let weightColumn = "weight"
    /// The column of classes.
    static let labelColumn = "label"

    /// Reads the table at a path; nil where what is there is none.
    /// - Parameter checksFiles: whether images that do not exist are an error here already.
    /// - Throws: `DatasetError` that names file and line.
    static func open(_ path: String, checksFiles: Bool) throws -> SampleTable? {
        if FileName.ending(path) == "csv", !isFolder(path) {
            return try SampleTable(csv: path, checksFiles: checksFiles)
        }
        return try Shards(path).map { try SampleTable($0) }
    }

    /// One that a user names as the validation part.
    static func named(_ name: String, in root: String, checksFiles: Bool) throws -> SampleTable? {
        for path in ["\(root)/\(name)", name] where exists(path) || Shards.isPattern(path) {
            if let table = try open(path, checksFiles: checksFiles) { return table }
        }
        return nil
    }

    /// The position of a column.
    func column(_ name: String) -> Int? { columns.firstIndex(of: name) }

    /// The position of a column that must be there.
    func required(_ name: String, _ expected: String) throws -> Int {
        guard let position = column(name) else { throw missing(name, expected) }
        return position
    }

    /// That a column is not there.
    /// - Parameter expected: the columns that should be.
    func missing(_ name: String, _ expected: String) -> DatasetError {
        if columns.isEmpty, isPacked {
            return DatasetError(
                path,
                "nothing is said of the images in the tar files, expected name.cls or name.json beside name.jpg; an archive of "
                    + "class folders must be unpacked")
        }
        let advice = nearest(name, in: columns).map { ", the nearest is '\($0)'" } ?? ""
        let found = columns.isEmpty ? "" : " (there is \(listed(columns, most: 8)))"
        return DatasetError(
            path, "nothing called '\(name)' is said of the images\(found)\(advice); expected \(expected)")
    }

    /// Whether the images lie in tar files.
    private var isPacked: Bool { if case .member = rows.first?.image { true } else { false } }

    func error(_ row: Row, _ problem: String) -> DatasetError { DatasetError(path, "\(row.place): \(problem)") }

    /// How much each row counts in the loss; nil where nothing is said.
    func weights() throws -> [Float]? {
        guard let column = column(Self.weightColumn) else { return nil }
        return try rows.map { row in
            // In tar files each sample says what it wants to.
            if isPacked, row.cells[column].isEmpty { return 1 }
            guard let weight = Float(row.cells[column]), weight.isFinite, weight >= 0 else {
                throw error(
                    row, "the \(Self.weightColumn) '\(row.cells[column])' is no number from 0 on, such as 1 or 0.5")
            }
            return weight
        }
    }

    /// No image may be in two parts; that one is listed twice in one part is worth a notice.
    mutating func checkRepetitions() throws {
        var seen: [ImageSource: Int] = [:]
        var repeated = 0
        for (index, row) in rows.enumerated() {
            guard let first = seen.updateValue(index, forKey: row.image) else { continue }
            let other = rows[first]
            guard other.part == row.part else {
                throw error(
                    row,
                    "\(FileName.shown(row.image.name)) belongs to the \(row.part.rawValue) part, but to the "
                        + "\(other.part.rawValue) part in \(other.place), and no image can be in two parts")
            }
            repeated += 1
        }
        if repeated > 0 {
            notices.append("\(path) lists \(counted(repeated, "image")) more than once, and each of its rows counts")
        }
    }
}

extension SampleTable {
    /// Reads a CSV file.
    ///
    /// Its first row names the columns: `image`, a path relative to the file's folder, and where wanted `part` (train,
    /// validation or test); the others are for the task.
    private init(csv path: String, checksFiles: Bool) throws {
        guard exists(path) else {
            throw DatasetError(path, "this does not exist, expected a CSV file that lists images")
        }
        guard let table = CommaSeparated.rows(try readFile(path, maximum: 1 << 32)) else {
            throw DatasetError(path, "a quotation mark is never closed, expected comma-separated values")
        }
        guard let header = table.first, table.count > 1 else {
            throw DatasetError(
                path,
                "the file has \(table.isEmpty ? "no rows" : "a header and no other row"), expected a header such as "
                    + "image,label and a row for each image")
        }
        let names = header.cells.map(\.trimmed)
        try Self.check(names, header, path)
        let (image, part) = (names.firstIndex(of: "image") ?? 0, names.firstIndex(of: "part"))
        let folder = Self.folder(of: path)
        let kept = names.indices.filter { $0 != image && $0 != part }
        let rows = try table.dropFirst().map { row in
            func failure(_ problem: String) -> DatasetError { DatasetError(path, "line \(row.line): \(problem)") }
            guard row.cells.count == names.count else {
                throw failure(
                    "\(counted(row.cells.count, "cell")), but the header has \(names.count) "
                        + "(\(listed(names, most: 8)))")
            }
            let name = row.cells[image]
            if name.trimmed.isEmpty { throw failure("the image has no name, expected a path relative to \(folder)") }
            var kind = PartKind.training
            if let part {
                guard let found = PartKind(folder: row.cells[part].trimmed) else {
                    throw failure("the part is '\(row.cells[part].trimmed)', expected train, validation or test")
                }
                kind = found
            }
            let file = name.hasPrefix("/") ? name : "\(folder)/\(name)"
            if checksFiles, !exists(file) {
                throw failure("the image \(FileName.shown(file)) does not exist; data.onBroken: skip leaves it out")
            }
            return Row(
                image: .file(file), place: "line \(row.line)", part: kind, cells: kept.map { row.cells[$0].trimmed })
        }
        self.init(
            path: path, format: "list of images (CSV)", root: folder, columns: kept.map { names[$0] }, rows: rows,
            isDivided: part != nil)
        try checkRepetitions()
    }

    private static func check(_ names: [String], _ header: CommaSeparated.Row, _ path: String) throws {
        func failure(_ problem: String) -> DatasetError { DatasetError(path, "line \(header.line): \(problem)") }
        guard names.contains("image") else {
            if names.count == 1, let separator = [";", "\t"].first(where: { names[0].contains($0) }) {
                throw failure(
                    "the cells are divided by \(separator == ";" ? "semicolons" : "tabs"), expected commas, in a header "
                        + "such as image,label")
            }
            let advice = nearest("image", in: names).map { " (is it '\($0)'?)" } ?? ""
            throw failure(
                "the header (\(listed(names, most: 8))) names no column image\(advice), expected a header such as "
                    + "image,label")
        }
        if let index = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw failure("two columns are called '\(names[index])', expected different names")
        }
        if names.contains("") { throw failure("a column has no name, expected one for each") }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension String {
    /// Without white space at the ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
