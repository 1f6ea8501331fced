import Datasets
import JSON
import Tensors

/// A file of COCO instances as it stands there, before ids are looked up.
struct RawTruths {
    private(set) var images: [(identifier: Int64, size: Pair)] = []
    private(set) var categories: [CocoTruths.Category] = []
    private(set) var objects: [Object] = []

    /// An annotation.
    struct Object {
        var identifier: Int64?
        var image: Int64 = 0
        var category: Int64 = 0
        var box: Placed?
        var area: Double?
        var isCrowd = false
        /// Where its pixels are told.
        var segmentation: Int?
        /// Where it stands.
        var offset = 0
    }

    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) {
        var scanner = JSONByteScanner(bytes)
        guard scanner.peek() == UInt8(ascii: "{") else {
            throw scanner.failure("expected an object with images, annotations and categories")
        }
        var seen = Set<String>()
        try scanner.object { (scanner: inout JSONByteScanner, name: Range<Int>) throws(JSONError) in
            for known in ["images", "annotations", "categories"] where scanner[name].elementsEqual(known.utf8) {
                guard seen.insert(known).inserted else { throw scanner.failure("a second list of \(known)") }
            }
            if scanner.matches(name, "images") {
                try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in try readImage(&scanner) }
            } else if scanner.matches(name, "annotations") {
                try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in try readObject(&scanner) }
            } else if scanner.matches(name, "categories") {
                try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in try readCategory(&scanner) }
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.expectEnd()
        for known in ["images", "annotations", "categories"] where !seen.contains(known) {
            throw scanner.failure("there is no list of \(known)")
        }
    }

    private mutating func readImage(_ scanner: inout JSONByteScanner) throws(JSONError) {
        var identifier: Int64?
        var (height, width) = (0, 0)
        try scanner.object { (scanner: inout JSONByteScanner, name: Range<Int>) throws(JSONError) in
            if scanner.matches(name, "id") {
                identifier = try scanner.integer()
            } else if scanner.matches(name, "height") {
                height = Int(clamping: try scanner.integer())
            } else if scanner.matches(name, "width") {
                width = Int(clamping: try scanner.integer())
            } else {
                try scanner.skipValue()
            }
        }
        guard let identifier else { throw scanner.failure("image \(images.count + 1) has no id") }
        images.append((identifier, Pair(height, width)))
    }

    private mutating func readCategory(_ scanner: inout JSONByteScanner) throws(JSONError) {
        var identifier: Int64?
        var text = ""
        try scanner.object { (scanner: inout JSONByteScanner, name: Range<Int>) throws(JSONError) in
            if scanner.matches(name, "id") {
                identifier = try scanner.integer()
            } else if scanner.matches(name, "name"), scanner.peek() == UInt8(ascii: "\"") {
                let found = try scanner.string()
                text = try scanner.text(found)
            } else {
                try scanner.skipValue()
            }
        }
        guard let identifier else { throw scanner.failure("category \(categories.count + 1) has no id") }
        categories.append(CocoTruths.Category(identifier: identifier, name: text))
    }

    private mutating func readObject(_ scanner: inout JSONByteScanner) throws(JSONError) {
        _ = scanner.peek()
        var object = Object(offset: scanner.position)
        var (hasImage, hasCategory) = (false, false)
        try scanner.object { (scanner: inout JSONByteScanner, name: Range<Int>) throws(JSONError) in
            if scanner.matches(name, "id") {
                object.identifier = try scanner.integer()
            } else if scanner.matches(name, "image_id") {
                (object.image, hasImage) = (try scanner.integer(), true)
            } else if scanner.matches(name, "category_id") {
                (object.category, hasCategory) = (try scanner.integer(), true)
            } else if scanner.matches(name, "bbox"), scanner.peek() == UInt8(ascii: "[") {
                object.box = try ResultPart.box(&scanner)
            } else if scanner.matches(name, "area"), scanner.peek() != UInt8(ascii: "n") {
                object.area = try scanner.number()
            } else if scanner.matches(name, "iscrowd") {
                object.isCrowd = try Self.flag(&scanner)
            } else if scanner.matches(name, "segmentation") {
                _ = scanner.peek()
                object.segmentation = scanner.position
                try scanner.skipValue()
            } else {
                try scanner.skipValue()
            }
        }
        guard hasImage, hasCategory else {
            let lacks = hasImage ? "category_id" : "image_id"
            throw JSONError(reason: "annotation \(objects.count + 1) has no \(lacks)", offset: object.offset)
        }
        objects.append(object)
    }

    /// 0 or 1, or a word for them; null is 0.
    private static func flag(_ scanner: inout JSONByteScanner) throws(JSONError) -> Bool {
        switch scanner.peek() {
        case UInt8(ascii: "t"):
            try scanner.word("true")
            return true
        case UInt8(ascii: "f"):
            try scanner.word("false")
            return false
        case UInt8(ascii: "n"):
            try scanner.word("null")
            return false
        default: return try scanner.number() != 0
        }
    }
}
