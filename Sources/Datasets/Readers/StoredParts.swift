import Configuration

/// The parts of a data set as they are stored, before anything is drawn from them or left out.
struct StoredParts {
    var train: (any LabeledDataset)?
    var validation: (any LabeledDataset)?
    var test: (any LabeledDataset)?
    var format: String
    var notices: [String] = []
    var leftOut = LeftOut()
    var attribution: String?
    /// The folder that holds the parts or classes; another than the given one where that held nothing but a folder.
    var root: String
    /// Every folder of image folders that was read, by part.
    var folders: [PartKind: [FileIdentity: String]] = [:]
    /// Whether the data is not divided at all.
    var isWhole = false
    /// Why there is no training part, where there is a folder for one.
    var missingTraining: String?
    /// Where the classes may lie instead, for data of one class.
    var nestedHint: String?

    /// Whether the files hold nothing that results could be measured on beside the training images.
    var needsHolding: Bool { validation == nil && test == nil }
}

/// What is read, for messages.
let readableData = """
    "digits", an image folder (train/<class>/<image> and test/<class>/<image>, or <class>/<image>), MNIST-style IDX \
    files, CIFAR-10/100 binary files, a CSV file that lists images, or tar files with images
    """

extension StoredParts {
    /// Recognises the data set at `path`.
    /// - Parameter packedMegabytes: memory that files may take which are held in memory as a whole.
    static func open(_ path: String, packedMegabytes: Int) throws -> StoredParts {
        if path == "digits" {
            let (train, test) = try Digits.load()
            return StoredParts(
                train: train, test: test, format: "embedded handwritten digits", attribution: Digits.attribution,
                root: path)
        }
        guard exists(path) else {
            let problem = isSymbolicLink(path) ? "this is a link that leads nowhere" : "this does not exist"
            throw DatasetError(path, "\(problem), expected \(readableData)")
        }
        guard isFolder(path) else {
            throw DatasetError(path, ForeignData.problem(ofFile: path, expected: readableData))
        }
        let root = try FolderSearch.descended(path)
        let content = try Folder(root)
        if let packed = try openPacked(root, content, packedMegabytes) { return packed }
        // The archives unpack into a folder of their own.
        for name in content.folders
        where name.hasPrefix("cifar-") || name.uppercased().hasSuffix("MNIST") || name == "raw" {
            let inner = "\(root)/\(name)"
            if let packed = try openPacked(inner, try Folder(inner), packedMegabytes) { return packed }
        }
        var parts = try openFolders(root, content)
        if root != path {
            parts.notices.insert(
                "\(path) holds no class folders itself, so the data set is read from \(FileName.shown(root))", at: 0)
        }
        return parts
    }

    private static func openPacked(_ path: String, _ content: Folder, _ megabytes: Int) throws -> StoredParts? {
        var budget = PackedBudget(megabytes: megabytes)
        if let layout = CIFAR.layout(of: content.files) {
            let format = "CIFAR-\(layout.classCount)"
            for name in layout.trainFiles where !content.files.contains(name) {
                throw DatasetError("\(path)/\(name)", "this file of \(format) is missing")
            }
            let train = try CIFAR.dataset(layout, folder: path, files: layout.trainFiles, &budget)
            var parts = StoredParts(train: train, format: format, root: path)
            if content.files.contains(layout.testFile) {
                parts.test = try CIFAR.dataset(layout, folder: path, files: [layout.testFile], &budget)
            } else {
                parts.isWhole = true
            }
            return parts
        }
        guard let files = IDX.find(content.files, part: ["train"]) else { return nil }
        let train = try IDX.dataset(
            images: "\(path)/\(files.images)", labels: "\(path)/\(files.labels)", classCount: nil, &budget)
        var parts = StoredParts(train: train, format: "IDX", root: path)
        if let testFiles = IDX.find(content.files, part: ["t10k", "test"]) {
            parts.test = try IDX.dataset(
                images: "\(path)/\(testFiles.images)", labels: "\(path)/\(testFiles.labels)",
                classCount: train.classNames.count, &budget)
        } else {
            parts.isWhole = true
        }
        return parts
    }

    /// Image folders: parts, or class folders alone.
    private static func openFolders(_ root: String, _ content: Folder) throws -> StoredParts {
        let named = PartFolders(root, content)
        if let problem = named.problem { throw problem }
        guard named.isDivided else {
            if content.folders.isEmpty || !FolderSearch.holdsImages(root) {
                if let problem = ForeignData.problem(in: root, content) {
                    throw DatasetError(
                        root, "this holds no class folders with images, expected \(readableData); \(problem)")
                }
                let isEmpty = content.folders.isEmpty && !content.files.contains { ImageKind.isImage("\(root)/\($0)") }
                if isEmpty {
                    throw DatasetError(root, "this folder holds \(summary(content)), expected \(readableData)")
                }
            }
            return try openClasses(root, notices: named.notices)
        }
        return try openParted(root, content, named)
    }

    private static func openClasses(_ root: String, notices: [String]) throws -> StoredParts {
        let content = try ClassFolders(root)
        let all = try ImageFolder(content)
        var parts = StoredParts(train: all, format: "image folder", root: root)
        parts.isWhole = true
        parts.notices = notices + all.notices
        parts.leftOut = all.leftOut
        parts.folders[.training] = all.folders
        parts.nestedHint = hint(content)
        return parts
    }

    private static func openParted(_ root: String, _ content: Folder, _ named: PartFolders) throws -> StoredParts {
        var parts = StoredParts(format: "image folder", root: root)
        parts.notices = named.notices
        parts.missingTraining = named.missingTraining
        for name in content.files where !ImageKind.isImage("\(root)/\(name)") { parts.leftOut.add("\(root)/\(name)") }
        for name in content.litter { parts.leftOut.add("\(root)/\(name)") }
        var train: ImageFolder?
        for kind in PartKind.allCases {
            guard let entry = named.labelled(kind) else { continue }
            let known = train.map { $0.classNames + $0.emptyClasses } ?? []
            let path = try FolderSearch.descended("\(root)/\(entry)", isPart: true, known: known)
            if path != "\(root)/\(entry)" {
                parts.notices.append(
                    "the classes of \(root)/\(FileName.shown(entry)) are read from \(FileName.shown(path))")
            }
            let classes = try ClassFolders(path)
            if train != nil, let only = classes.filled.first, classes.filled.count == 1, !known.contains(only.name),
                nearest(only.name, in: known) == nil
            {
                // A folder without classes in a folder without classes: test/test, test/images, test/unknown.
                parts.notices.append(
                    "\(root)/\(FileName.shown(entry)) holds only the folder \(only.name), which is no class, so its "
                        + "\(counted(only.files.count, "image")) are without labels and it is not used as the "
                        + "\(kind.rawValue) part")
                continue
            }
            let part = try ImageFolder(
                classes, classNames: train?.classNames, emptyInTraining: train?.emptyClasses ?? [])
            try parts.add(part, kind)
            if kind == .training {
                train = part
                parts.nestedHint = hint(classes)
            }
        }
        return parts
    }

    private mutating func add(_ part: ImageFolder, _ kind: PartKind) throws {
        try check(part.folders, kind.rawValue)
        folders[kind] = part.folders
        notices += part.notices
        leftOut.add(part.leftOut)
        switch kind {
        case .training: train = part
        case .validation: validation = part
        case .test: test = part
        }
    }

    /// No folder may be two parts, by whatever name or link.
    func check(_ new: [FileIdentity: String], _ name: String) throws {
        for kind in PartKind.allCases {
            guard let known = folders[kind] else { continue }
            let shared = new.filter { known[$0.key] != nil }
            guard let (identity, path) = shared.min(by: { $0.value < $1.value }), let other = known[identity] else {
                continue
            }
            throw DatasetError(
                path,
                "this is the folder \(FileName.shown(other)) of the \(kind.rawValue) part, and no folder can be two parts, "
                    + "here the \(name) part as well")
        }
    }

    private static func hint(_ content: ClassFolders) -> String? {
        guard content.filled.count == 1, let entry = content.filled.first else { return nil }
        let names = Set(content.entries.map(\.name))
        if names.isSuperset(of: ["images", "labels"]) {
            return
                "images and labels beside each other are a data set for detection, which has no classes of whole images"
        }
        let path = FileName.shown("\(content.root)/\(entry.folder)")
        return entry.inner.isEmpty
            ? "\(path) holds images alone" : "is \(path) the folder with the classes (\(listed(entry.inner)))?"
    }

    private static func summary(_ content: Folder) -> String {
        func list(_ names: [String], _ singular: String, _ plural: String) -> String? {
            guard let first = names.first.map({ FileName.shown($0) }) else { return nil }
            return names.count == 1 ? "one \(singular) (\(first))" : "\(names.count) \(plural) (\(first), ...)"
        }
        let parts = [
            list(content.folders, "folder", "folders"), list(content.files, "file", "files"),
            list(content.lost, "link that leads nowhere", "links that lead nowhere"),
        ].compactMap { $0 }
        return parts.isEmpty ? "nothing" : parts.joined(separator: " and ")
    }
}
