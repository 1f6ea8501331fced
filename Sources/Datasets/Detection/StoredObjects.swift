import Tensors

/// The parts of a data set with objects as they are stored; each is read when it is first asked for.
struct StoredObjects: PartedSource {
    private let options: DetectionDataOptions
    /// Nil for the scenes that every program carries.
    private let layout: (any ObjectLayout)?
    private(set) var notices: [String] = []
    private var opened: [PartKind: any AnnotatedDataset<LocatedInstances>] = [:]
    /// The classes that all parts count in, once one of them says so.
    private var reference: DetectionCategories?

    static let expected = """
        the word scenes, or a folder with COCO files (annotations/instances_train.json, or train/_annotations.coco.json), YOLO \
        text (data.yaml, images/ and labels/) or Pascal VOC (Annotations/ and JPEGImages/)
        """

    /// Recognizes the data.
    init(_ options: DetectionDataOptions) throws {
        self.options = options
        let path = options.path
        if path == DetectionData.scenes {
            layout = nil
            return
        }
        guard exists(path) else {
            let problem = isSymbolicLink(path) ? "this is a link that leads nowhere" : "this does not exist"
            throw DatasetError(path, "\(problem), expected \(Self.expected)")
        }
        let files = options.files
        if files.train != nil || files.validation != nil || files.test != nil {
            layout = try CocoLayout(files, path: path)
        } else if !isFolder(path) {
            guard path.lowercased().hasSuffix(".json") else {
                throw DatasetError(path, "this is no folder, expected \(Self.expected)")
            }
            layout = try CocoLayout(file: path, images: files.images)
        } else {
            layout = try Self.find(path, files, &notices)
        }
    }

    /// What lies in a folder, or in the only one in it: an archive may unpack into a folder of its own.
    private static func find(
        _ path: String, _ files: DetectionDataOptions.Files, _ notices: inout [String]
    ) throws -> any ObjectLayout {
        var root = path
        for _ in 0..<4 {
            let content = try Folder(root)
            var own: [String] = []
            var found: (any ObjectLayout)? = try CocoLayout.find(in: root, content, images: files.images)
            if found == nil { found = try VocLayout.find(in: root, content, files.oneBased, &own) }
            if found == nil { found = try YoloLayout.find(in: root, content, &own) }
            if let found {
                if root != path {
                    notices.append(
                        "\(path) holds nothing but a folder, so the data set is read from \(FileName.shown(root))")
                }
                notices += own
                return found
            }
            guard content.folders.count == 1 else { break }
            root += "/\(content.folders[0])"
        }
        let content = try Folder(path)
        let names = content.folders.map { $0 + "/" } + content.files
        throw DatasetError(
            path,
            "this holds \(names.isEmpty ? "nothing" : listed(names)) and no lists of objects, expected \(expected)")
    }

    var attribution: String? { layout == nil ? DigitScenes.attribution : nil }
    var format: String { layout?.format ?? "embedded scenes of handwritten digits" }
    var kinds: [PartKind] { layout?.kinds ?? PartKind.allCases }
    var isWhole: Bool { layout?.isWhole ?? false }
    var isEmbedded: Bool { layout == nil }

    /// Reads a part; nil where there is none.
    mutating func part(_ kind: PartKind) throws -> (any AnnotatedDataset<LocatedInstances>)? {
        if let known = opened[kind] { return known }
        guard kinds.contains(kind) else { return nil }
        guard let layout else {
            let part: any AnnotatedDataset<LocatedInstances> = try SceneObjects(kind, options)
            opened[kind] = part
            return part
        }
        let part = try located(layout.source(kind, &notices))
        if kind == .training { reference = part.categories }
        opened[kind] = part
        return part
    }

    private mutating func located(_ source: any ObjectSource) throws -> LocatedDataset {
        if reference == nil, let names = options.classNames {
            let path = source.entries.first?.list ?? options.path
            reference = try ClassMatch.chosen(names, of: source.classes, path)
        }
        return try LocatedDataset(source, reference, options, &notices)
    }

    /// The part that is learned from.
    mutating func training() throws -> any AnnotatedDataset<LocatedInstances> {
        guard let part = try part(.training) else { throw DatasetError(options.path, "there is no training part") }
        return part
    }

    /// A validation part that the user names: a folder or a file, below the data's path or by itself.
    mutating func namedPart(_ name: String) throws -> any AnnotatedDataset<LocatedInstances> {
        guard layout != nil else {
            throw DatasetError(name, "the scenes have a validation part of their own, expected data.validation: auto")
        }
        guard let found = ["\(options.path)/\(name)", name].first(where: { exists($0) }) else {
            throw DatasetError(name, "the validation data does not exist, expected a folder or a COCO file")
        }
        if isSameFile(found, options.path) {
            throw DatasetError(found, "these are the training images, expected other ones for validation")
        }
        var other = options
        other.path = found
        (other.files.train, other.files.validation, other.files.test) = (nil, nil, nil)
        let stored = try StoredObjects(other)
        guard let layout = stored.layout, layout.isWhole || layout.kinds == [.training] else {
            throw DatasetError(found, "the validation data is divided into parts, expected one list of objects")
        }
        _ = try training()
        notices += stored.notices
        return try located(layout.source(.training, &notices))
    }
}
