import Configuration

/// A folder of class folders of images: `<class>/<image>`, where images may lie in further folders.
///
/// Classes and images are sorted by name; hidden files are skipped, links are followed. A file counts as an image by its
/// ending or by its first bytes; other files are left out, with a word. Whether an image can be read shows when it is
/// decoded.
public struct ImageFolder: AnnotatedDataset {
    /// Sorted by name, unless those of another part were given.
    public let classNames: [String]
    /// What a user should be told, one sentence each.
    public let notices: [String]
    /// The files that are no images.
    let leftOut: LeftOut
    /// Every folder that was read, and the path it was read by.
    let folders: [FileIdentity: String]
    /// Folders that would be classes if they held images.
    let emptyClasses: [String]
    private let root: String
    /// Paths below the root, all images of the first class first.
    private let files: [String]
    private let labels: [Int32]

    /// Reads the names of the folder at `path`; images are read when they are asked for.
    /// - Parameter classNames: the classes that labels count in (those of the training part, say); nil takes the
    ///   folder's own.
    /// - Throws: `DatasetError` where the folder cannot be read, holds no images, images beside class folders, or classes
    ///   that are not among the given ones.
    public init(_ path: String, classNames given: [String]? = nil) throws {
        try self.init(try ClassFolders(path), classNames: given)
    }

    /// - Parameter emptyInTraining: folders of the training part that hold no images.
    init(_ content: ClassFolders, classNames given: [String]? = nil, emptyInTraining: [String] = []) throws {
        root = content.root
        let filled = content.filled
        try Self.check(content)
        let classes = given ?? filled.map(\.name)
        let positions = Dictionary(classes.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        var files: [String] = []
        var labels: [Int32] = []
        for entry in filled {
            guard let label = positions[entry.name] else {
                throw Self.unknownClass(entry, content, classes, emptyInTraining)
            }
            files += entry.files
            labels += repeatElement(Int32(label), count: entry.files.count)
        }
        classNames = classes
        self.files = files
        self.labels = labels
        leftOut = content.leftOut
        folders = content.folders
        emptyClasses = content.empty.map(\.name)
        notices = Self.notices(content, classes, isGiven: given != nil)
    }

    private static func check(_ content: ClassFolders) throws {
        let filled = content.filled
        if let stray = content.strays.first {
            if filled.isEmpty {
                throw DatasetError(
                    content.root,
                    "the folder holds \(counted(content.strays.count, "image")) and no class folders, expected "
                        + "<class>/<image>")
            }
            let others = content.strays.count > 1 ? " (and so do \(content.strays.count - 1) others)" : ""
            throw DatasetError(
                stray,
                "this image lies beside the class folders\(others), expected <class>/<image>; move it into the folder of "
                    + "its class, or away")
        }
        guard filled.isEmpty else { return }
        if let link = content.lost.first {
            throw DatasetError(link, "the link leads nowhere, and there is no other class")
        }
        throw DatasetError(
            content.root,
            content.entries.isEmpty
                ? "the folder holds no class folders, expected <class>/<image>"
                : "no image lies in its \(counted(content.entries.count, "folder")) "
                    + "(\(listed(content.entries.map(\.name)))), expected <class>/<image>")
    }

    private static func unknownClass(
        _ entry: ClassFolders.Entry, _ content: ClassFolders, _ classes: [String], _ emptyInTraining: [String]
    ) -> DatasetError {
        let path = "\(content.root)/\(entry.folder)"
        if emptyInTraining.contains(entry.name) {
            return DatasetError(
                path, "this class has \(counted(entry.files.count, "image")) here, but none in the training data")
        }
        let advice =
            nearest(entry.name, in: classes).map { ", the nearest there is \($0)" } ?? " (\(listed(classes)))"
        return DatasetError(path, "this class does not occur in the training data\(advice)")
    }

    /// How many images there are.
    public var count: Int { files.count }
    /// The class of image `index`, an index into `classNames`.
    public func annotation(_ index: Int) -> ClassLabel { ClassLabel(Int(labels[index])) }
    /// Image `index`, decoded.
    /// - Throws: `DatasetError` where it cannot be.
    public func image(_ index: Int) throws -> Image { try ImageKind.decode(path(index)) }
    /// The path of image `index`.
    public func name(_ index: Int) -> String { FileName.shown(path(index)) }
    /// The hash of the bytes of the file of image `index`.
    public func fingerprint(_ index: Int) throws -> ContentHash { ContentHash(of: try readFile(path(index))) }

    private func path(_ index: Int) -> String { "\(root)/\(files[index])" }
}
