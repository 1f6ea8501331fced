import CImages

/// A folder of class folders of JPEG and PNG images: `<class>/<image>`, where images may lie in further folders.
///
/// Classes and images are sorted by name; hidden files are skipped. A file counts as an image by its first bytes, not
/// by its extension: what has another extension than an image's is looked into when the folder is opened, the rest
/// when it is decoded.
public struct ImageFolder: ImageDataset {
    public let classNames: [String]
    private let root: String
    /// Paths below the root, all images of the first class first.
    private let files: [String]
    private let labels: [Int32]

    /// - Parameter classNames: the classes that labels count in (those of the training part, say); nil takes the
    ///   folder's own.
    public init(_ path: String, classNames given: [String]? = nil) throws {
        root = path
        let content = try Folder(path)
        if let stray = content.files.first {
            throw DatasetError("\(path)/\(stray)", "this file lies beside the class folders, where only folders may")
        }
        guard !content.folders.isEmpty else {
            throw DatasetError(path, "the folder holds no class folders, expected <class>/<image>")
        }
        let classes = given ?? content.folders
        var files: [String] = []
        var labels: [Int32] = []
        for name in content.folders {
            guard let label = classes.firstIndex(of: name) else {
                throw DatasetError("\(path)/\(name)", "this class does not occur in the training data")
            }
            let before = files.count
            try ImageFolder.collect(root: path, below: name, into: &files)
            if files.count == before { throw DatasetError("\(path)/\(name)", "the class folder is empty") }
            labels.append(contentsOf: repeatElement(Int32(label), count: files.count - before))
        }
        classNames = classes
        self.files = files
        self.labels = labels
    }

    private static let extensions: Set<String> = ["jpg", "jpeg", "jpe", "jfif", "png"]

    private static func collect(root: String, below: String, into files: inout [String]) throws {
        let content = try Folder("\(root)/\(below)")
        for name in content.files {
            let path = "\(root)/\(below)/\(name)"
            let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
            if !extensions.contains(ending) {
                let start = try readFile(path, limit: 16)
                if hb_image_format(start, start.count) == 0 {
                    throw DatasetError(path, "this is neither a JPEG nor a PNG image")
                }
            }
            files.append("\(below)/\(name)")
        }
        // Links to folders are not followed here: they may form a circle.
        for name in content.folders where !isSymbolicLink("\(root)/\(below)/\(name)") {
            try collect(root: root, below: "\(below)/\(name)", into: &files)
        }
    }

    public var count: Int { files.count }
    public func label(_ index: Int) -> Int { Int(labels[index]) }
    public func image(_ index: Int) throws -> Image { try Image(contentsOf: name(index)) }
    public func name(_ index: Int) -> String { "\(root)/\(files[index])" }
}
