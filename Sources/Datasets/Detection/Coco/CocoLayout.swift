/// Where COCO files and their images lie.
struct CocoLayout: ObjectLayout {
    struct Part {
        let list: String
        /// Where its images may lie.
        let folders: [String]
    }

    private let parts: [PartKind: Part]
    let isWhole: Bool

    var format: String { "COCO" }
    var kinds: [PartKind] { PartKind.allCases.filter { parts[$0] != nil } }

    func source(_ kind: PartKind, _ notices: inout [String]) throws -> any ObjectSource {
        guard let part = parts[kind] else { throw DatasetError(kind.rawValue, "there is no such part") }
        let file = try CocoFile(part.list)
        notices += file.notices
        return CocoSource(file, folders: part.folders)
    }

    private static let hint = """
        data.trainAnnotations, data.validationAnnotations and data.testAnnotations name the files
        """

    private init(_ found: [(kind: PartKind, part: Part)], root: String, isWhole: Bool) throws {
        parts = try Self.checked(found, root, name: { $0.list }, hint: Self.hint)
        self.isWhole = isWhole
    }

    /// One file of all images.
    init(file: String, images: String?) throws {
        let folder = Self.parent(file)
        // The file of a part by itself still has its images where those of that part are.
        let kind = Self.kind(String(file.split(separator: "/").last ?? "")) ?? .training
        let folders =
            images.map { [Self.place($0, below: folder)] }
            ?? Self.folders(folder, kind, file) + Self.folders(Self.parent(folder), kind, file)
        try self.init([(.training, Part(list: file, folders: folders))], root: file, isWhole: true)
    }

    /// The files that the user names.
    init(_ files: DetectionDataOptions.Files, path: String) throws {
        let named: [(PartKind, String?)] = [
            (.training, files.train), (.validation, files.validation), (.test, files.test),
        ]
        let found = named.compactMap { kind, name -> (kind: PartKind, part: Part)? in
            guard let name else { return nil }
            let list = Self.place(name, below: path)
            let folders =
                files.images.map { images in
                    let folder = Self.place(images, below: path)
                    return Self.partFolders(folder, kind) + [folder]
                } ?? Self.folders(path, kind, list)
            return (kind, Part(list: list, folders: folders))
        }
        try self.init(found, root: path, isWhole: found.count == 1)
    }

    /// What lies in a folder; nil where there are no such files.
    static func find(in root: String, _ content: Folder, images: String?) throws -> CocoLayout? {
        var found: [(kind: PartKind, part: Part)] = []
        func folders(_ folder: String, _ kind: PartKind, _ list: String) -> [String] {
            images.map {
                let base = place($0, below: root)
                return partFolders(base, kind) + [base]
            }
                ?? Self.folders(folder, kind, list)
        }
        // Roboflow's way: a file in the folder of each part.
        for name in content.folders {
            guard let kind = PartKind(folder: name), let inner = try? Folder("\(root)/\(name)") else { continue }
            let lists = inner.files.filter { isList($0) }
            guard let list = lists.first(where: { $0.lowercased() == "_annotations.coco.json" }) ?? lists.first else {
                continue
            }
            let path = "\(root)/\(name)/\(list)"
            found.append((kind, Part(list: path, folders: ["\(root)/\(name)", "\(root)/\(name)/images"])))
        }
        if !found.isEmpty { return try CocoLayout(found, root: root, isWhole: false) }
        for folder in content.folders.filter({ folderNames.contains($0.lowercased()) }).map({ "\(root)/\($0)" }) + [
            root
        ] {
            let lists = (folder == root ? content : try Folder(folder)).files.filter {
                isList($0) && (folder != root || tellsOfObjects($0))
            }
            let named = lists.compactMap { list in kind(list).map { (list: list, kind: $0) } }
            for kind in PartKind.allCases {
                let own = named.filter { $0.kind == kind }.map(\.list)
                // COCO's own folder has several kinds of lists.
                let best = own.filter { $0.lowercased().hasPrefix("instances") }
                for list in best.isEmpty ? own : best {
                    let path = "\(folder)/\(list)"
                    found.append((kind, Part(list: path, folders: folders(root, kind, path))))
                }
            }
            if !found.isEmpty { return try CocoLayout(found, root: root, isWhole: false) }
            guard let only = lists.first else { continue }
            guard lists.count == 1 else {
                throw DatasetError(
                    folder,
                    "of the files \(listed(lists)) none is named after a part, as instances_train.json is; \(hint)")
            }
            let path = "\(folder)/\(only)"
            return try CocoLayout(
                [(.training, Part(list: path, folders: folders(root, .training, path)))], root: root, isWhole: true)
        }
        return nil
    }

    private static let folderNames: Set<String> = ["annotations", "annotation", "labels"]
    /// Lists of other things than objects in boxes.
    private static let others = [
        "caption", "keypoint", "panoptic", "stuff", "image_info", "result", "prediction", "detections", "unlabeled",
        "lvis_v",
    ]

    private static func isList(_ name: String) -> Bool {
        let lower = name.lowercased()
        return lower.hasSuffix(".json") && !others.contains { lower.contains($0) }
    }

    private static func tellsOfObjects(_ name: String) -> Bool {
        let lower = name.lowercased()
        return kind(name) != nil || ["annotation", "instances", "coco", "labels.json"].contains { lower.contains($0) }
    }

    private static func kind(_ list: String) -> PartKind? {
        let stem = String(list.dropLast(5))
        return PartKind(wordsOf: stem) ?? PartKind(folder: stem)
    }

    static func parent(_ path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return "." }
        let parent = parts.dropLast().joined(separator: "/")
        return parent.isEmpty ? "/" : parent
    }

    private static func place(_ name: String, below root: String) -> String {
        name.hasPrefix("/") || (!exists("\(root)/\(name)") && exists(name)) ? name : "\(root)/\(name)"
    }

    /// The folders below one that are named after a part.
    private static func partFolders(_ root: String, _ kind: PartKind) -> [String] {
        ((try? Folder(root))?.folders ?? []).filter { (PartKind(folder: $0) ?? PartKind(wordsOf: $0)) == kind }.map {
            "\(root)/\($0)"
        }
    }

    /// Where the images of a part may lie.
    private static func folders(_ root: String, _ kind: PartKind, _ list: String) -> [String] {
        var folders = partFolders(root, kind)
        folders += folders.map { "\($0)/images" }
        for name in ["images", "Images", "JPEGImages", "data", "img", "imgs"] where isFolder("\(root)/\(name)") {
            folders += partFolders("\(root)/\(name)", kind) + ["\(root)/\(name)"]
            // The folder of a data set without parts.
            folders.append("\(root)/\(name)/default")
        }
        return folders + [parent(list), root]
    }
}
