/// The images of a part, each with its mask.
struct MaskPairs {
    /// Paths.
    struct Pair: Sendable, Hashable {
        let image: String
        let mask: String
    }

    private(set) var pairs: [Pair] = []
    private static let mostLevels = 4
    /// What masks may have behind the name of their image.
    private static let endings = [
        "_mask", "_masks", "_label", "_labels", "_segmentation", "_seg", "_gt", "_L", "_annotation", "-mask",
        "_labelIds",
    ]

    /// Pairs the images of a part with its masks by their names without endings, sorted by name.
    /// - Throws: where an image has no mask, a mask no image, or two files have one name.
    init(_ part: MaskLayout.Part) throws {
        let images = try Self.files(part.images)
        let masks = try Self.files(part.masks)
        guard !images.isEmpty else { throw DatasetError(part.images, "the folder holds no images") }
        guard !masks.isEmpty else {
            throw DatasetError(
                part.masks,
                "the folder holds no masks, expected a PNG file for each image of \(FileName.shown(part.images))")
        }
        _ = try Self.stems(images, part.images)
        let maskStems = try Self.stems(masks, part.masks)
        var used: Set<String> = []
        var missing: [(image: String, mask: String)] = []
        for file in images {
            let stem = Self.stem(file)
            let candidates = [stem] + Self.endings.map { stem + $0 }
            guard let found = candidates.lazy.compactMap({ maskStems[$0] }).first else {
                missing.append((file, stem + ".png"))
                continue
            }
            used.insert(found)
            pairs.append(Pair(image: "\(part.images)/\(file)", mask: "\(part.masks)/\(found)"))
        }
        if let first = missing.first {
            let more = missing.count > 1 ? " (and so do \(missing.count - 1) other images)" : ""
            throw DatasetError(
                "\(part.images)/\(first.image)",
                "this image has no mask\(more), expected \(FileName.shown("\(part.masks)/\(first.mask)"))")
        }
        let lost = masks.filter { !used.contains($0) }
        if let first = lost.first {
            let more = lost.count > 1 ? " (and so do \(lost.count - 1) other masks)" : ""
            throw DatasetError(
                "\(part.masks)/\(first)",
                "this mask has no image\(more), expected \(FileName.shown("\(part.images)/\(Self.stem(first))")) with the "
                    + "ending of an image")
        }
    }

    static func stem(_ file: String) -> String {
        let ending = FileName.ending(file)
        return ending.isEmpty ? file : String(file.dropLast(ending.count + 1))
    }

    private static func stems(_ files: [String], _ root: String) throws -> [String: String] {
        var stems: [String: String] = [:]
        for file in files {
            guard let other = stems.updateValue(file, forKey: stem(file)) else { continue }
            throw DatasetError(
                "\(root)/\(file)",
                "this and \(FileName.shown(other)) have the same name but for the ending, expected one")
        }
        return stems
    }

    /// The images in a folder and below it, by paths from there.
    static func files(_ root: String) throws -> [String] {
        var files: [String] = []
        func add(_ folder: String, _ level: Int) throws {
            let content = try Folder(folder.isEmpty ? root : "\(root)/\(folder)")
            let start = folder.isEmpty ? "" : "\(folder)/"
            for name in content.lost where ImageKind.endings.contains(FileName.ending(name)) {
                throw DatasetError("\(root)/\(start)\(name)", "the link leads nowhere")
            }
            files += content.files.filter { ImageKind.endings.contains(FileName.ending($0)) }.map { start + $0 }
            guard level < mostLevels else { return }
            for name in content.folders { try add(start + name, level + 1) }
        }
        try add("", 0)
        return files.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }
}
