import Synchronization
import Tensors

/// Where the files of Pascal VOC and their images lie.
struct VocLayout: ObjectLayout {
    typealias Entry = (image: String, list: String, file: VocFile)

    private let parts: [PartKind: [Entry]]
    private let names: [String]
    private let isOneBased: Bool
    let isWhole: Bool

    var format: String { "Pascal VOC" }
    var kinds: [PartKind] { PartKind.allCases.filter { parts[$0] != nil } }

    func source(_ kind: PartKind, _ notices: inout [String]) throws -> any ObjectSource {
        let entries = parts[kind] ?? []
        notices += VocSource.notices(entries)
        return VocSource(entries, names: names, isOneBased: isOneBased)
    }

    /// Reads what lies in a folder, all files of it at once: classes and the way of counting are those of all parts. Nil
    /// where there are no such files.
    static func find(
        in root: String, _ content: Folder, _ oneBased: DetectionDataOptions.OneBased, _ notices: inout [String]
    ) throws -> VocLayout? {
        var lists: [PartKind: [(image: String, list: String)]] = [:]
        var isWhole = false
        if let pairs = try VocFolder(root, content) {
            let named = try pairs.parts(root, content)
            lists = named ?? [.training: pairs.all]
            isWhole = named == nil
        } else {
            for name in content.folders {
                guard let kind = PartKind(folder: name), lists[kind] == nil else { continue }
                let folder = "\(root)/\(name)"
                if let pairs = try VocFolder(folder, Folder(folder)) { lists[kind] = pairs.all }
            }
            guard lists[.training] != nil else { return nil }
        }
        guard let train = lists[.training], !train.isEmpty else {
            throw DatasetError(root, "there is no training part, expected ImageSets/Main/train.txt or the folder train")
        }
        let parts = try lists.mapValues { try read($0) }
        let files = parts.values.lazy.joined().map(\.file)
        let names = Set(files.flatMap(\.objects).map(\.name)).sorted()
        guard !names.isEmpty else { throw DatasetError(root, "there is no object in any file") }
        let isOneBased = oneBased == .yes || (oneBased == .automatic && !files.contains(where: \.hasZero))
        if oneBased == .automatic, !isOneBased {
            notices.append(
                "\(root): a corner of a box is 0, so corners are counted from 0 on (data.oneBased: true counts from 1)")
        }
        return VocLayout(parts: parts, names: names, isOneBased: isOneBased, isWhole: isWhole)
    }

    private static func read(_ lists: [(image: String, list: String)]) throws -> [Entry] {
        let state = Mutex(
            (files: [VocFile?](repeating: nil, count: lists.count), failure: (index: Int, error: any Error)?.none))
        parallelFor(lists.count, grain: 16) { range in
            for index in range {
                do {
                    let path = lists[index].list
                    let file = try VocFile(decoding: readFile(path, maximum: 1 << 24), path: path)
                    state.withLock { $0.files[index] = file }
                } catch { state.withLock { if index < $0.failure?.index ?? .max { $0.failure = (index, error) } } }
            }
        }
        let (files, failure) = state.withLock { ($0.files, $0.failure) }
        if let failure { throw failure.error }
        return zip(lists, files).compactMap { list, file in file.map { (list.image, list.list, $0) } }
    }
}

/// XML files and the images that they are about.
private struct VocFolder {
    /// In the order of their names.
    private(set) var all: [(image: String, list: String)] = []

    /// Nil where there are no XML files.
    init?(_ root: String, _ content: Folder) throws {
        func folder(_ names: Set<String>) -> String? {
            content.folders.first { names.contains($0.lowercased()) }.map { "\(root)/\($0)" }
        }
        let lists = folder(["annotations", "annotation", "xml", "xmls"]) ?? root
        let images = folder(["jpegimages", "images", "image", "img"]) ?? (lists == root ? root : nil)
        let files = try (lists == root ? content : Folder(lists)).files.filter { FileName.ending($0) == "xml" }
        guard !files.isEmpty else { return nil }
        guard let images else {
            throw DatasetError(
                root, "there are XML files in \(FileName.shown(lists)) but no folder JPEGImages or images beside them")
        }
        var found: [String: String] = [:]
        for name in try Folder(images).files where ImageKind.endings.contains(FileName.ending(name)) {
            found[MaskPairs.stem(name)] = name
        }
        for file in files {
            let stem = MaskPairs.stem(file)
            // One that is missing is named when images are looked at.
            all.append((image: "\(images)/\(found[stem] ?? stem + ".jpg")", list: "\(lists)/\(file)"))
        }
    }

    /// The parts that `ImageSets` lists; nil without such lists.
    func parts(_ root: String, _ content: Folder) throws -> [PartKind: [(image: String, list: String)]]? {
        guard let sets = content.folders.first(where: { $0.lowercased() == "imagesets" }) else { return nil }
        let folder = ["\(root)/\(sets)/Main", "\(root)/\(sets)"].first { path in
            (try? Folder(path))?.files.contains { $0.hasSuffix(".txt") } == true
        }
        guard let folder else { return nil }
        let byStem = Dictionary(all.map { (MaskPairs.stem(String($0.list.split(separator: "/").last ?? "")), $0) }) {
            first, _ in first
        }
        func names(_ set: String) throws -> [(image: String, list: String)]? {
            let path = "\(folder)/\(set).txt"
            guard exists(path) else { return nil }
            let text = String(decoding: try readFile(path, maximum: 1 << 26), as: UTF8.self)
            return try text.split(whereSeparator: \.isNewline).compactMap { line in
                // Lists of one class have 1 or -1 behind each name.
                guard let name = line.split(whereSeparator: \.isWhitespace).first else { return nil }
                guard let entry = byStem[String(name)] else {
                    throw DatasetError(path, "\(name) has no XML file, expected \(name).xml among the annotations")
                }
                return entry
            }
        }
        var parts: [PartKind: [(image: String, list: String)]] = [:]
        parts[.training] = try names("train") ?? names("trainval")
        parts[.validation] = try names("train") == nil ? nil : names("val")
        parts[.test] = try names("test")
        return parts[.training] == nil ? nil : parts
    }
}
