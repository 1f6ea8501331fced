/// An image as a COCO file lists it.
struct CocoImage: Sendable {
    let identifier: Int64
    let name: String
    /// Zeros where the file does not say it.
    let width: Int32
    let height: Int32
}

/// A class as a COCO file lists it.
struct CocoCategory: Sendable {
    let identifier: Int64
    let name: String
    let parent: String?
}

/// Where the outline of an object stands in its file; it is read again when it is asked for.
struct CocoOutline: Sendable {
    enum Kind: UInt8, Sendable { case none, polygons, runs }

    var kind = Kind.none
    var length: Int32 = 0
    var offset = 0
}

/// An object as a COCO file lists it.
struct CocoRecord: Sendable {
    var identifier: Int64
    /// The id of the image, then its index.
    var image: Int64
    /// The id of the category, then its position.
    var category: Int64
    /// Left, top, width and height.
    var box: SIMD4<Double>
    /// Not a number where the file does not say it.
    var area: Double
    var isCrowd: Bool
    var isIgnored: Bool
    var outline: CocoOutline

    var bounds: Box { Box(left: box.x, top: box.y, right: box.x + box.z, bottom: box.y + box.w) }
    var isFinite: Bool { box.x.isFinite && box.y.isFinite && bounds.right.isFinite && bounds.bottom.isFinite }
}

/// Ids of the first annotations of which something is to be said, and how many there are.
struct CocoCount: Sendable {
    private(set) var count = 0
    private(set) var first: [Int64] = []

    mutating func add(_ identifier: Int64) {
        count += 1
        if first.count < 5 { first.append(identifier) }
    }

    /// "annotation 3", "annotations 3, 4 and 2 more".
    var shown: String {
        let names = first.map(String.init).joined(separator: ", ")
        return (count == 1 ? "annotation " : "annotations ") + names
            + (count > first.count ? " and \(count - first.count) more" : "")
    }
}
