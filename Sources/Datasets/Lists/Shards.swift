import Configuration

/// Tar files whose members of one name belong together, as WebDataset lays them out: `0001.jpg` and, beside it,
/// `0001.cls`, `0001.json` or both.
struct Shards {
    /// As it was given: a tar file, a folder of tar files, or a pattern such as `train-{0000..0009}.tar`.
    let path: String
    /// In order.
    let files: [String]
    let root: String

    /// A pattern that stands for more files than this is a slip.
    private static let mostFiles = 100_000

    /// - Returns: nil where there are no tar files at a path.
    /// - Throws: `DatasetError` for a pattern that means no files.
    init?(_ path: String) throws {
        self.path = path
        if isFolder(path) {
            let content = try Folder(path)
            let names = content.files.filter { FileName.ending($0) == "tar" }
            // Archives beside class folders are what the images came in.
            guard !names.isEmpty, content.folders.isEmpty else { return nil }
            (files, root) = (names.map { "\(path)/\($0)" }, path)
            return
        }
        guard FileName.ending(path) == "tar" || Self.isPattern(path) else { return nil }
        files = try Self.expanded(path)
        root = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        if let missing = files.first(where: { !exists($0) }) {
            let which = files.count > 1 ? ", one of the \(files.count) files that \(path) stands for" : ""
            throw DatasetError(missing, "this tar file does not exist\(which)")
        }
    }

    /// Whether a path stands for several tar files.
    static func isPattern(_ path: String) -> Bool {
        FileName.ending(path) == "tar" && path.contains("{") && path.contains("}")
    }

    /// The names that a pattern stands for: `{000..011}` is each number with as many digits.
    static func expanded(_ path: String) throws -> [String] {
        guard let open = path.firstIndex(of: "{"), let close = path[open...].firstIndex(of: "}") else { return [path] }
        let inner = path[path.index(after: open)..<close]
        let ends = inner.split(separator: "..", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, first <= last,
            last - first < mostFiles
        else {
            throw DatasetError(
                path,
                "'{\(inner)}' is no range of numbers, expected one such as {0000..0009}, of at most \(mostFiles) files")
        }
        let rest = try expanded(String(path[path.index(after: close)...]))
        guard (last - first + 1) * rest.count <= mostFiles else {
            throw DatasetError(path, "the pattern stands for more than \(mostFiles) files")
        }
        return (first...last).flatMap { number -> [String] in
            let digits = String(number)
            let padding = String(repeating: "0", count: max(0, ends[0].count - digits.count))
            return rest.map { String(path[..<open]) + padding + digits + $0 }
        }
    }

    /// The part that each file belongs to by its name, `val-0003.tar`; all belong to the training part where none says so.
    func parts() throws -> (kinds: [PartKind], isDivided: Bool) {
        let found = files.map { file in
            PartKind(wordsOf: String(file.split(separator: "/").last?.dropLast(4) ?? ""))
        }
        if found.allSatisfy({ $0 == nil }) { return (files.map { _ in .training }, false) }
        if let index = found.firstIndex(of: nil), let other = found.firstIndex(where: { $0 != nil }) {
            throw DatasetError(
                files[index],
                "its name tells no part, but that of \(files[other]) does, expected train, val or test in each or in none"
            )
        }
        return (found.compactMap { $0 }, true)
    }
}
