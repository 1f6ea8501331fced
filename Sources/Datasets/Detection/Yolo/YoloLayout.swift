/// Where images and the text files of their objects lie.
struct YoloLayout: ObjectLayout {
    /// The images of each part.
    private let parts: [PartKind: [String]]
    private let names: [String]
    let isWhole: Bool

    var format: String { "YOLO text" }
    var kinds: [PartKind] { PartKind.allCases.filter { parts[$0] != nil } }

    func source(_ kind: PartKind, _ notices: inout [String]) throws -> any ObjectSource {
        let source = try YoloSource(images: parts[kind] ?? [], names: names)
        notices += source.notices
        return source
    }

    private init(_ parts: [PartKind: [String]], names: [String], isWhole: Bool, path: String) throws {
        guard !names.isEmpty else { throw DatasetError(path, "there is no name of a class") }
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw DatasetError(path, "the class \(name) is named twice")
        }
        (self.parts, self.names, self.isWhole) = (parts, names, isWhole)
    }

    /// What lies in a folder; nil where nothing tells of such files.
    static func find(in root: String, _ content: Folder, _ notices: inout [String]) throws -> YoloLayout? {
        let folders = try YoloFolders(root, content)
        let lists = content.files.filter { ["yaml", "yml"].contains(FileName.ending($0)) }
        for name in lists.filter({ $0.lowercased().hasPrefix("data") }) + lists {
            guard let file = try YoloFile("\(root)/\(name)") else { continue }
            var parts: [PartKind: [String]] = [:]
            for kind in PartKind.allCases {
                if let images = try file.images(kind, &notices), !images.isEmpty { parts[kind] = images }
            }
            let isListed = parts[.training] != nil
            if !isListed, let folders { parts = try folders.parts.mapValues { try Self.images($0) } }
            guard parts[.training] != nil else {
                throw DatasetError("\(root)/\(name)", "the file names no folder of training images that exists (train)")
            }
            return try YoloLayout(
                parts, names: file.names, isWhole: isListed ? parts.count == 1 : folders?.isWhole ?? false,
                path: "\(root)/\(name)")
        }
        guard let folders else { return nil }
        let places = [root] + folders.labels.flatMap { [$0, CocoLayout.parent($0)] }
        let classes = try places.lazy.flatMap { place in
            ["classes.txt", "obj.names", "labels.txt", "_darknet.labels"].map { "\(place)/\($0)" }
        }.first { exists($0) }.map { try ClassFile($0) }
        guard let classes else {
            throw DatasetError(
                root,
                "nothing says which classes there are, expected a file data.yaml with names, or classes.txt with a name in each line"
            )
        }
        return try YoloLayout(
            folders.parts.mapValues { try Self.images($0) }, names: classes.names, isWhole: folders.isWhole,
            path: classes.path)
    }

    private static func images(_ folder: String) throws -> [String] {
        let images = try MaskPairs.files(folder).map { "\(folder)/\($0)" }
        guard !images.isEmpty else { throw DatasetError(folder, "the folder holds no images") }
        return images
    }
}

/// Folders of images with text files: `images/` beside `labels/`, with the parts in both, or below those of the parts.
struct YoloFolders {
    private(set) var parts: [PartKind: String] = [:]
    private(set) var labels: [String] = []
    private(set) var isWhole = false

    init?(_ root: String, _ content: Folder) throws {
        func folder(_ name: String, _ content: Folder) -> String? { content.folders.first { $0.lowercased() == name } }
        if let images = folder("images", content), let labels = folder("labels", content) {
            self.labels = ["\(root)/\(labels)"]
            for name in try Folder("\(root)/\(images)").folders {
                guard let kind = PartKind(folder: name) ?? PartKind(wordsOf: name), parts[kind] == nil else { continue }
                parts[kind] = "\(root)/\(images)/\(name)"
            }
            if parts[.training] == nil { (parts, isWhole) = ([.training: "\(root)/\(images)"], true) }
            return
        }
        for name in content.folders {
            guard let kind = PartKind(folder: name), parts[kind] == nil else { continue }
            let inner = try Folder("\(root)/\(name)")
            guard let images = folder("images", inner), let labels = folder("labels", inner) else { continue }
            parts[kind] = "\(root)/\(name)/\(images)"
            self.labels.append("\(root)/\(name)/\(labels)")
        }
        if parts[.training] == nil { return nil }
    }
}
