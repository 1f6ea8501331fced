import Synchronization
import Tensors

/// Images with a text file each: a line for every object, `class x y width height` of its box or `class x y x y ...` of its
/// outline, in parts of the image's sides.
struct YoloSource: ObjectSource {
    let entries: [ObjectEntry]
    let classes: DetectionCategories
    let usedClasses: Set<Int>
    /// What a user should be told.
    let notices: [String]
    private let objects: [[YoloObject]]

    /// Reads the text files of all images, on all threads; an image without one has no objects.
    /// - Parameter names: of the classes.
    init(images: [String], names: [String]) throws {
        entries = images.enumerated().map { index, image in
            ObjectEntry(identifier: Int64(index), image: image, list: Self.list(of: image), size: nil)
        }
        classes = DetectionCategories(names: names, identifiers: names.indices.map { Int64($0) })
        let state = Mutex(
            (
                objects: [[YoloObject]?](repeating: nil, count: images.count),
                failure: (index: Int, error: any Error)?.none
            ))
        let lists = entries.map(\.list)
        parallelFor(images.count, grain: 16) { range in
            for index in range {
                do {
                    guard exists(lists[index]) else { continue }
                    let found = try YoloObject.read(lists[index], names)
                    state.withLock { $0.objects[index] = found }
                } catch {
                    // The first file of all, whatever thread is the fastest.
                    state.withLock { if index < $0.failure?.index ?? .max { $0.failure = (index, error) } }
                }
            }
        }
        let (found, failure) = state.withLock { ($0.objects, $0.failure) }
        if let failure { throw failure.error }
        if let first = lists.first, !found.contains(where: { $0 != nil }) {
            throw DatasetError(first, "the file does not exist, nor any other for \(counted(images.count, "image"))")
        }
        objects = found.map { $0 ?? [] }
        usedClasses = Set(objects.lazy.joined().map(\.label))
        notices = Self.notices(found, lists)
    }

    private static func notices(_ found: [[YoloObject]?], _ lists: [String]) -> [String] {
        var notices: [String] = []
        let missing = found.indices.filter { found[$0] == nil }
        if let first = missing.first {
            notices.append(
                "\(counted(missing.count, "image")) without a text file (\(FileName.shown(lists[first])) is the first), so without "
                    + "objects")
        }
        var empty: [String] = []
        for (list, objects) in zip(lists, found) {
            for object in objects ?? [] where object.isEmpty { empty.append("\(list):\(object.line)") }
        }
        if !empty.isEmpty {
            notices.append(
                "\(counted(empty.count, "box", "boxes")) without a width or height, which training leaves out: \(listed(empty))"
            )
        }
        return notices
    }

    /// The text file of an image: in `labels` where the image is in `images`, else beside it.
    static func list(of image: String) -> String {
        var parts = image.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let last = parts.removeLast()
        if let place = parts.lastIndex(where: { $0.lowercased() == "images" }) { parts[place] = "labels" }
        return (parts + [MaskPairs.stem(last) + ".txt"]).joined(separator: "/")
    }

    func objects(_ index: Int, size: Pair, withOutlines: Bool) throws -> [Instance] {
        objects[index].compactMap { $0.instance(in: size, withOutlines: withOutlines) }
    }
}

/// A line of a text file.
struct YoloObject: Sendable {
    let label: Int
    /// In its file, from 1 on.
    let line: Int
    /// Center and sides of a box, or the corners of an outline.
    let values: [Double]

    /// Whether it encloses nothing.
    var isEmpty: Bool {
        guard values.count > 4 else { return values[2] <= 0 || values[3] <= 0 }
        func isLine(_ start: Int) -> Bool {
            stride(from: start, to: values.count, by: 2).allSatisfy { values[$0] == values[start] }
        }
        return isLine(0) || isLine(1)
    }

    /// The objects of a file.
    static func read(_ path: String, _ names: [String]) throws -> [YoloObject] {
        try decode(readFile(path, maximum: 1 << 26), path, names)
    }

    static func decode(_ bytes: [UInt8], _ path: String, _ names: [String]) throws -> [YoloObject] {
        var objects: [YoloObject] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0 }
            guard let first = words.first else { continue }
            func fault(_ problem: String) -> DatasetError { DatasetError("\(path):\(index + 1)", problem) }
            let text = String(decoding: first, as: UTF8.self)
            guard let number = Double(text), let label = Int(exactly: number) else {
                throw fault(
                    "the line begins with \(text.prefix(40)), expected the number of a class, 0 to \(names.count - 1)")
            }
            guard names.indices.contains(label) else {
                throw fault(
                    "class \(label) is none of the \(counted(names.count, "class", "classes")), expected 0 to "
                        + "\(names.count - 1)")
            }
            var values: [Double] = []
            for word in words.dropFirst() {
                let text = String(decoding: word, as: UTF8.self)
                guard let value = Double(text), value.isFinite else {
                    throw fault("\(text.prefix(40)) is no number")
                }
                values.append(value)
            }
            guard values.count == 4 || (values.count >= 6 && values.count % 2 == 0) else {
                throw fault(
                    "the line has \(counted(values.count, "number")) after the class, expected 4 of a box (x, y, width, height) "
                        + "or the x and y of three corners or more")
            }
            // Rounding may lead a little beyond the edges.
            if let value = values.first(where: { !(-0.01...1.01 ~= $0) }) {
                throw fault("\(value) is no part of the image's sides, expected 0 to 1")
            }
            objects.append(YoloObject(label: label, line: index + 1, values: values))
        }
        return objects
    }

    /// The object in the pixels of an image.
    func instance(in size: Pair, withOutlines: Bool) -> Instance? {
        let (width, height) = (Double(size.width), Double(size.height))
        if values.count == 4 {
            let box = Box(
                left: (values[0] - values[2] / 2) * width, top: (values[1] - values[3] / 2) * height,
                right: (values[0] + values[2] / 2) * width, bottom: (values[1] + values[3] / 2) * height)
            return Instance(box: box, classIndex: label, identifier: Int64(line))
        }
        let corners = stride(from: 0, to: values.count, by: 2).map { place in
            Point(min(1, max(0, values[place])) * width, min(1, max(0, values[place + 1])) * height)
        }
        let polygon = Polygon(corners)
        return Box(around: corners).map {
            Instance(
                box: $0, classIndex: label, area: polygon.area, polygons: withOutlines ? [polygon] : [],
                identifier: Int64(line))
        }
    }
}
