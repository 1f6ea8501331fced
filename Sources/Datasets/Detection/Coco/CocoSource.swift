import Tensors

/// A COCO file with the folder that its images lie in.
struct CocoSource: ObjectSource {
    let file: CocoFile
    let entries: [ObjectEntry]
    let classes: DetectionCategories
    let usedClasses: Set<Int>

    /// - Parameter folders: where images may lie; the first one that has them is taken.
    init(_ file: CocoFile, folders: [String]) {
        self.file = file
        let first = file.images.prefix(3).map(\.name)
        func holds(_ folder: String, _ name: (String) -> String) -> Bool {
            first.contains { exists("\(folder)/\(name($0))") }
        }
        func whole(_ name: String) -> String { name }
        /// The name without the folders that it had elsewhere.
        func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
        let found = folders.first { holds($0, whole) }
        let other = found == nil ? folders.first { holds($0, last) } : nil
        let folder = found ?? other ?? folders.first ?? "."
        entries = file.images.map { image in
            let name = other == nil ? image.name : last(image.name)
            return ObjectEntry(
                identifier: image.identifier, image: name.hasPrefix("/") ? name : "\(folder)/\(name)", list: file.path,
                size: image.width > 0 && image.height > 0 ? Pair(Int(image.height), Int(image.width)) : nil)
        }
        classes = DetectionCategories(
            names: file.categories.map(\.name), identifiers: file.categories.map(\.identifier))
        usedClasses = Set(file.records.lazy.map { Int($0.category) })
    }

    func objects(_ index: Int, size: Pair, withOutlines: Bool) throws -> [Instance] {
        try file.objects(index, size: size, withOutlines: withOutlines)
    }
}
