/// The folders of a data set that are named after its parts, and what they turn out to be.
struct PartFolders {
    private enum Content {
        case classFolders
        /// Without class folders, so without labels.
        case images
        case nothing
    }

    private struct Entry {
        let folder: String
        let kind: PartKind
        let content: Content
    }

    private let root: String
    private var entries: [Entry] = []
    /// Other folders that hold images.
    private var others: [String] = []
    /// Whether the folders are the parts, rather than classes.
    private(set) var isDivided = false
    private(set) var notices: [String] = []
    /// Why the folders can be neither.
    private(set) var problem: DatasetError?

    init(_ root: String, _ content: Folder) {
        self.root = root
        let named = PartKind.find(in: content.folders)
        guard !named.isEmpty else { return }
        entries = named.map { Entry(folder: $0.folder, kind: $0.kind, content: Self.content("\(root)/\($0.folder)")) }
        others = content.folders.filter { name in
            !named.contains { $0.folder == name } && FolderSearch.holdsImages("\(root)/\(name)")
        }
        decide()
        if isDivided { tell(content) }
    }

    /// The folder of a part that has class folders.
    func labelled(_ kind: PartKind) -> String? {
        entries.first { $0.kind == kind && $0.content == .classFolders }?.folder
    }

    /// What is wrong with a folder that would be the training part.
    var missingTraining: String? {
        guard let entry = entries.first(where: { $0.kind == .training }), entry.content != .classFolders else {
            return nil
        }
        let name = FileName.shown(entry.folder)
        return "\(name) holds \(entry.content == .images ? "no class folders" : "no images"), expected "
            + "\(name)/<class>/<image>"
    }

    static func unlabelled(_ path: String, images: Int, _ kind: PartKind) -> String {
        "\(FileName.shown(path)) has no class folders (\(counted(images, "image")) without labels), so it is not used as the "
            + "\(kind.rawValue) part"
    }

    private static func content(_ path: String) -> Content {
        guard let content = try? Folder(path) else { return .classFolders }
        if content.folders.contains(where: { FolderSearch.holdsImages("\(path)/\($0)") }) { return .classFolders }
        return FolderSearch.holdsImages(path, content) ? .images : .nothing
    }

    private func names(_ entries: [Entry]) -> String { listed(entries.map(\.folder)) }

    private mutating func decide() {
        let present = entries.filter { $0.content != .nothing }
        let labelled = present.filter { $0.content == .classFolders }
        if labelled.contains(where: { $0.kind == .training }) {
            isDivided = true
            return checkKinds(present)
        }
        guard let first = present.first(where: { $0.kind == .training }) ?? present.first else { return }
        if !others.isEmpty, labelled.isEmpty {
            // A class may be called train (a vehicle) or valid (a document).
            notices.append(
                "\(root): \(names(present)) \(present.count == 1 ? "holds images and no class folders, so it is a class" : "hold images and no class folders, so they are classes") "
                    + "beside \(listed(others)), not \(present.count == 1 ? "a part" : "parts") of the data")
            return
        }
        if !labelled.isEmpty, !others.isEmpty {
            problem = DatasetError(
                root,
                "\(listed(others)) \(others.count == 1 ? "lies" : "lie") beside the \(labelled[0].kind.rawValue) part "
                    + "\(labelled[0].folder), expected train/<class>/<image>; move the class folders of the training images "
                    + "into \(root)/train")
        } else if labelled.isEmpty {
            let path = "\(root)/\(first.folder)"
            problem = DatasetError(
                path,
                "the folder holds images and no class folders, expected \(first.folder)/<class>/<image>; a folder for each "
                    + "class tells which image is what")
        } else {
            isDivided = true
            checkKinds(present)
        }
    }

    private mutating func checkKinds(_ present: [Entry]) {
        for kind in PartKind.allCases {
            let same = present.filter { $0.kind == kind && $0.content == .classFolders }
            guard same.count > 1 else { continue }
            problem = DatasetError(
                root,
                "\(same.map { FileName.shown($0.folder) }.joined(separator: " and ")) both name the \(kind.rawValue) part, "
                    + "expected one folder for it; rename or move the other")
            return
        }
    }

    private mutating func tell(_ content: Folder) {
        for entry in entries {
            let path = "\(root)/\(entry.folder)"
            switch entry.content {
            case .classFolders:
                if PartKind(folder: entry.folder) == nil {
                    notices.append("\(path) is taken for the \(entry.kind.rawValue) part")
                }
            case .images:
                let images = (try? Folder(path))?.files.count { ImageKind.isImage("\(path)/\($0)") } ?? 0
                notices.append(Self.unlabelled(path, images: images, entry.kind))
            case .nothing:
                notices.append("\(path) holds no images, so it is not used as the \(entry.kind.rawValue) part")
            }
        }
        if !others.isEmpty {
            notices.append(
                "\(root): \(listed(others)) \(others.count == 1 ? "is no part" : "are no parts") of the data set, so "
                    + "\(others.count == 1 ? "its" : "their") images are not used")
        }
        let images = content.files.filter { ImageKind.isImage("\(root)/\($0)") }
        if !images.isEmpty {
            notices.append(
                "\(root): \(listed(images)) \(images.count == 1 ? "lies" : "lie") in no part of the data set, so "
                    + "\(images.count == 1 ? "it is" : "they are") not used")
        }
        for link in content.lost {
            notices.append("\(root)/\(FileName.shown(link)) is a link that leads nowhere, so it is passed over")
        }
    }
}
