/// Where images and masks lie: the folders of each part.
struct MaskLayout {
    /// The images of a part and their masks.
    struct Part {
        let kind: PartKind
        let images: String
        let masks: String
    }

    /// The folder that holds all of it; another than the given one where that held nothing but a folder.
    let root: String
    private(set) var parts: [Part] = []
    /// Whether the data is not divided at all.
    private(set) var isWhole = false
    private(set) var notices: [String] = []

    static let expected = """
        images/ with masks of the same names in labels/ (or masks/, annotations/), the same below train/, val/ and test/, or \
        images/training with annotations/training
        """
    private static let imageNames: Set<String> = ["images", "image", "imgs", "img", "jpegimages"]
    private static let maskNames: Set<String> = [
        "labels", "label", "masks", "mask", "annotations", "annotation", "groundtruth", "gt", "segmentationclass",
        "segmentations", "targets",
    ]
    /// What follows a part's name where its masks lie beside it: `trainannot`.
    private static let maskEndings = [
        "annot", "annots", "annotation", "annotations", "label", "labels", "mask", "masks", "gt",
    ]

    /// Recognizes the layout of the folder at `path`.
    init(_ path: String) throws {
        var root = path
        for _ in 0..<4 {
            let content = try Folder(root)
            if let found = try Self.found(root, content) {
                self = found
                if root != path {
                    notices.insert(
                        "\(path) holds nothing but a folder, so the data set is read from \(FileName.shown(root))",
                        at: 0)
                }
                return
            }
            // An archive may unpack into a folder of its own.
            guard content.folders.count == 1 else { break }
            root += "/\(content.folders[0])"
        }
        throw try Self.problem(path)
    }

    private init(root: String) { self.root = root }

    private static func found(_ root: String, _ content: Folder) throws -> MaskLayout? {
        var layout = MaskLayout(root: root)
        if let images = try only(imageNames, root, content), let masks = try only(maskNames, root, content) {
            try layout.addParts(images: "\(root)/\(images)", masks: "\(root)/\(masks)")
            return layout
        }
        for name in content.folders {
            guard let kind = PartKind(folder: name) else { continue }
            let folder = "\(root)/\(name)"
            if let masks = partner(of: name, content.folders) {
                layout.parts.append(Part(kind: kind, images: folder, masks: "\(root)/\(masks)"))
                continue
            }
            let inner = try Folder(folder)
            let (images, masks) = (try only(imageNames, folder, inner), try only(maskNames, folder, inner))
            if let images, let masks {
                layout.parts.append(Part(kind: kind, images: "\(folder)/\(images)", masks: "\(folder)/\(masks)"))
            } else if FolderSearch.holdsImages(folder) {
                layout.notices.append(
                    "\(FileName.shown(folder)) holds images but no folder of masks beside them, so it is not used as the "
                        + "\(kind.rawValue) part")
            }
        }
        guard !layout.parts.isEmpty else { return nil }
        try layout.check()
        return layout
    }

    /// ADE20K's parts below each of the two folders, or no parts.
    private mutating func addParts(images: String, masks: String) throws {
        func kinds(_ path: String) throws -> [(folder: String, kind: PartKind)] {
            try Folder(path).folders.compactMap { name in PartKind(folder: name).map { (name, $0) } }
        }
        let (ofImages, ofMasks) = (try kinds(images), try kinds(masks))
        guard !ofImages.isEmpty, !ofMasks.isEmpty else {
            isWhole = true
            parts = [Part(kind: .training, images: images, masks: masks)]
            return
        }
        for (folder, kind) in ofImages {
            guard let other = ofMasks.first(where: { $0.kind == kind }) else {
                notices.append(
                    "\(FileName.shown("\(images)/\(folder)")) has no masks, so it is not used as the \(kind.rawValue) part"
                )
                continue
            }
            parts.append(Part(kind: kind, images: "\(images)/\(folder)", masks: "\(masks)/\(other.folder)"))
        }
        try check()
    }

    private func check() throws {
        for kind in PartKind.allCases {
            let same = parts.filter { $0.kind == kind }
            guard same.count > 1 else { continue }
            throw DatasetError(
                root,
                "\(listed(same.map(\.images), most: 2)) both are the \(kind.rawValue) part, expected one folder for it; "
                    + "rename or move the other")
        }
        guard parts.contains(where: { $0.kind == .training }) else {
            throw DatasetError(
                root,
                "there is no training part beside the \(listed(parts.map(\.kind.rawValue))) part, expected \(Self.expected)"
            )
        }
    }

    func part(_ kind: PartKind) -> Part? { parts.first { $0.kind == kind } }

    /// The folder of one of these names; of several the only one that holds images.
    private static func only(_ names: Set<String>, _ root: String, _ content: Folder) throws -> String? {
        let found = content.folders.filter { names.contains($0.lowercased()) }
        guard found.count > 1 else { return found.first }
        let filled = found.filter { FolderSearch.holdsImages("\(root)/\($0)") }
        guard filled.count < 2 else {
            throw DatasetError(
                root, "\(listed(filled)) all hold images, expected one folder of them; rename or move the others")
        }
        return filled.first ?? found.first
    }

    /// The folder with the masks of the part that lies in `name`.
    private static func partner(of name: String, _ folders: [String]) -> String? {
        folders.first { other in
            guard other.count > name.count, other.lowercased().hasPrefix(name.lowercased()) else { return false }
            let rest = other.dropFirst(name.count).lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
            return maskEndings.contains(rest)
        }
    }

    private static func problem(_ path: String) throws -> DatasetError {
        let content = try Folder(path)
        let found = content.folders.isEmpty ? "no folders" : "the folders \(listed(content.folders))"
        for names in [imageNames, maskNames] {
            guard let one = content.folders.first(where: { names.contains($0.lowercased()) }) else { continue }
            let isImages = names == imageNames
            return DatasetError(
                path,
                "\(FileName.shown(one)) has no folder of \(isImages ? "masks" : "images") beside it (there are \(found)), "
                    + "expected \(expected)")
        }
        return DatasetError(path, "this holds \(found) and no images with masks, expected \(expected)")
    }
}
