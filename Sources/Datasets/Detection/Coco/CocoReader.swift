import Tensors

/// Walks once over a COCO file of instances.
struct CocoReader {
    private(set) var images: [CocoImage] = []
    private(set) var categories: [CocoCategory] = []
    private(set) var records: [CocoRecord] = []
    /// Annotations with parts of outlines that enclose nothing.
    private(set) var shortParts = CocoCount()
    /// Annotations of whose outline nothing is left after that.
    private(set) var lostOutlines = CocoCount()
    /// The places of annotations with run lengths, and the size of the image that those are of.
    private(set) var runs: [(place: Int32, size: Pair)] = []
    /// The lists that the file has.
    private var found: Set<String> = []
    private let path: String

    static let expected = "expected the lists images, annotations and categories"

    init(_ file: InputFile) throws {
        path = file.path
        var stream = try JSONStream(file)
        switch try stream.peek() {
        case UInt8(ascii: "{"): break
        case UInt8(ascii: "["):
            throw DatasetError(path, "this is a list, as results are, \(Self.expected) of COCO instances in an object")
        default: throw stream.failure("expected an object")
        }
        try stream.object { stream, name in
            switch name {
            case "images", "categories", "annotations":
                found.insert(name)
                try readList(name, &stream)
            default: try stream.skipValue()
            }
        }
        try stream.expectEnd()
        for name in ["images", "annotations", "categories"] where !found.contains(name) {
            throw DatasetError(path, "the file has no list \(name), \(Self.expected)")
        }
    }

    private mutating func readList(_ name: String, _ stream: inout JSONStream) throws {
        guard try stream.peek() == UInt8(ascii: "[") else {
            throw DatasetError(path, "\(name) is no list, \(Self.expected)")
        }
        try stream.array { stream in
            guard try stream.peek() == UInt8(ascii: "{") else {
                throw DatasetError(path, "an entry of \(name) is no object (at byte \(stream.offset))")
            }
            switch name {
            case "images": try readImage(&stream)
            case "categories": try readCategory(&stream)
            default: try readAnnotation(&stream)
            }
        }
    }

    private mutating func readImage(_ stream: inout JSONStream) throws {
        var (identifier, name): (Int64?, String?) = (nil, nil)
        var (width, height): (Int64, Int64) = (0, 0)
        try stream.object { stream, key in
            switch key {
            case "id": identifier = try stream.identifier()
            case "file_name": name = try stream.optionalString()
            case "width": width = try stream.identifier() ?? 0
            case "height": height = try stream.identifier() ?? 0
            default: try stream.skipValue()
            }
        }
        guard let identifier else {
            throw DatasetError(path, "\(entry("image", images.count, name)) has no id that is a whole number")
        }
        guard let name, !name.isEmpty else { throw DatasetError(path, "image \(identifier) has no file_name") }
        let most = Int64(Image.maximumPixels)
        guard width <= most, height <= most, max(0, width) * max(0, height) <= most else {
            throw DatasetError(
                path, "image \(identifier) is said to have \(height) x \(width) pixels, expected at most \(most)")
        }
        images.append(
            CocoImage(identifier: identifier, name: name, width: Int32(max(0, width)), height: Int32(max(0, height))))
    }

    private mutating func readCategory(_ stream: inout JSONStream) throws {
        var (identifier, name, parent): (Int64?, String?, String?) = (nil, nil, nil)
        try stream.object { stream, key in
            switch key {
            case "id": identifier = try stream.identifier()
            case "name": name = try stream.optionalString()
            case "supercategory": parent = try stream.optionalString()
            default: try stream.skipValue()
            }
        }
        guard let identifier else {
            throw DatasetError(path, "\(entry("category", categories.count, name)) has no id that is a whole number")
        }
        guard let name, !name.isEmpty else { throw DatasetError(path, "category \(identifier) has no name") }
        categories.append(CocoCategory(identifier: identifier, name: name, parent: parent))
    }

    private func entry(_ noun: String, _ index: Int, _ name: String?) -> String {
        "\(noun) \(name.map { FileName.shown($0) } ?? "number \(index + 1)")"
    }

    private mutating func readAnnotation(_ stream: inout JSONStream) throws {
        var (identifier, image, category): (Int64?, Int64?, Int64?) = (nil, nil, nil)
        var box: SIMD4<Double>?
        var (area, isCrowd, isIgnored) = (Double.nan, false, false)
        var scan = CocoOutlineScan()
        try stream.object { stream, key in
            switch key {
            case "id": identifier = try stream.identifier()
            case "image_id": image = try stream.identifier()
            case "category_id": category = try stream.identifier()
            case "bbox": box = try stream.box()
            case "area": area = try stream.skipNull() ? .nan : try stream.number()
            case "iscrowd": isCrowd = try stream.flag()
            case "ignore": isIgnored = try stream.flag()
            case "segmentation": try scan.read(&stream)
            default: try stream.skipValue()
            }
        }
        guard let identifier else {
            throw DatasetError(
                path,
                "annotation number \(records.count + 1) has no id that is a whole number, expected a different one for each"
            )
        }
        func fault(_ problem: String) -> DatasetError { DatasetError(path, "annotation \(identifier) \(problem)") }
        guard let image else { throw fault("has no image_id that is a whole number") }
        guard let category else { throw fault("has no category_id that is a whole number") }
        guard let box else { throw fault("has no bbox of four numbers, expected [x, y, width, height] in pixels") }
        if let problem = scan.problem { throw fault(problem) }
        if scan.shortParts > 0 { shortParts.add(identifier) }
        if scan.isLost { lostOutlines.add(identifier) }
        if let size = scan.size { runs.append((Int32(clamping: records.count), size)) }
        records.append(
            CocoRecord(
                identifier: identifier, image: image, category: category, box: box, area: area, isCrowd: isCrowd,
                isIgnored: isIgnored, outline: scan.outline))
    }
}

extension JSONStream {
    /// A whole number; nil for anything else.
    fileprivate mutating func identifier() throws -> Int64? {
        switch try peek() {
        case UInt8(ascii: "-"), 0x30...0x39: return try integer()
        default:
            try skipValue()
            return nil
        }
    }

    fileprivate mutating func optionalString() throws -> String? {
        if try peek() == UInt8(ascii: "\"") { return try string() }
        try skipValue()
        return nil
    }

    /// true, or a number other than 0.
    fileprivate mutating func flag() throws -> Bool {
        switch try peek() {
        case UInt8(ascii: "t"):
            try word("true")
            return true
        case UInt8(ascii: "f"), UInt8(ascii: "n"):
            try skipValue()
            return false
        default: return try number() != 0
        }
    }

    /// Four numbers; nil for anything else.
    fileprivate mutating func box() throws -> SIMD4<Double>? {
        guard try peek() == UInt8(ascii: "[") else {
            try skipValue()
            return nil
        }
        var (values, count) = (SIMD4<Double>(), 0)
        try array { stream in
            if try stream.skipNull() { throw stream.failure("null where a number of a bbox is expected") }
            let value = try stream.number()
            if count < 4 { values[count] = value }
            count += 1
        }
        return count == 4 ? values : nil
    }
}
