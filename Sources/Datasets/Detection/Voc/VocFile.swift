import Tensors

/// What a file of Pascal VOC says of an image.
struct VocFile: Sendable {
    struct Object: Sendable {
        let name: String
        /// As the file has it.
        let box: Box
        let isDifficult: Bool
    }

    /// The name of the image's file; nil where it is not said.
    let image: String?
    /// Nil where it is not said.
    let size: Pair?
    let objects: [Object]

    /// - Throws: `DatasetError` that names the file, and the object where one is at fault.
    init(decoding bytes: [UInt8], path: String) throws {
        let root = try XMLElement(decoding: bytes, path: path)
        guard root.name == "annotation" else {
            throw DatasetError(path, "the file holds <\(root.name)>, expected <annotation> as in Pascal VOC")
        }
        image = root.child("filename").flatMap { $0.value.isEmpty ? nil : $0.value }
        if let size = root.child("size"), let width = size.child("width").flatMap({ Int($0.value) }),
            let height = size.child("height").flatMap({ Int($0.value) }), width > 0, height > 0
        {
            self.size = Pair(height, width)
        } else {
            size = nil
        }
        objects = try root.children.filter { $0.name == "object" }.enumerated().map { index, object in
            func fault(_ problem: String) -> DatasetError { DatasetError(path, "object \(index + 1) \(problem)") }
            guard let name = object.child("name")?.value, !name.isEmpty else { throw fault("has no name") }
            guard let bounds = object.child("bndbox") else { throw fault("(\(name)) has no bndbox") }
            func side(_ key: String) throws -> Double {
                guard let text = bounds.child(key)?.value, let value = Double(text), value.isFinite else {
                    throw fault("(\(name)) has no number \(key)")
                }
                return value
            }
            return Object(
                name: name,
                box: Box(
                    left: try side("xmin"), top: try side("ymin"), right: try side("xmax"), bottom: try side("ymax")),
                isDifficult: object.child("difficult").flatMap { Double($0.value) }.map { $0 != 0 } ?? false)
        }
    }

    /// Whether a corner cannot be counted from 1 on.
    var hasZero: Bool { objects.contains { min($0.box.left, $0.box.top) < 1 } }
}

/// The images of a part with their files.
struct VocSource: ObjectSource {
    let entries: [ObjectEntry]
    let classes: DetectionCategories
    let usedClasses: Set<Int>
    private let files: [VocFile]
    private let labels: [String: Int]
    /// What is taken off each coordinate.
    private let base: Double

    /// - Parameters:
    ///   - names: of the classes of all parts.
    ///   - isOneBased: whether corners are counted from 1 on.
    init(_ images: [(image: String, list: String, file: VocFile)], names: [String], isOneBased: Bool) {
        entries = images.enumerated().map { index, entry in
            ObjectEntry(identifier: Int64(index), image: entry.image, list: entry.list, size: entry.file.size)
        }
        classes = DetectionCategories(names: names)
        files = images.map(\.file)
        labels = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        base = isOneBased ? 1 : 0
        let labels = labels
        usedClasses = Set(files.lazy.flatMap(\.objects).compactMap { labels[$0.name] })
    }

    func objects(_ index: Int, size: Pair, withOutlines: Bool) throws -> [Instance] {
        files[index].objects.enumerated().compactMap { number, object in
            guard let label = labels[object.name] else { return nil }
            func moved(_ value: Double) -> Double { max(0, value - base) }
            let box = Box(
                left: moved(object.box.left), top: moved(object.box.top), right: moved(object.box.right),
                bottom: moved(object.box.bottom))
            return Instance(
                box: box, classIndex: label, identifier: Int64(number + 1), isIgnored: object.isDifficult)
        }
    }

    /// Boxes whose corners stand the wrong way round.
    static func notices(_ images: [(image: String, list: String, file: VocFile)]) -> [String] {
        var names: [String] = []
        for entry in images {
            for (number, object) in entry.file.objects.enumerated()
            where object.box.width <= 0 || object.box.height <= 0 {
                names.append("\(entry.list) object \(number + 1)")
            }
        }
        guard !names.isEmpty else { return [] }
        return [
            "\(counted(names.count, "box", "boxes")) end before they begin (is this x, y, width, height?), which training leaves "
                + "out: \(listed(names))"
        ]
    }
}
