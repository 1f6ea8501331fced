import Tensors

/// What a walk over the outline of one object in a COCO file tells.
struct CocoOutlineScan {
    private(set) var outline = CocoOutline()
    /// How many parts enclose nothing: of fewer than three corners, or of an odd number of coordinates.
    private(set) var shortParts = 0
    /// Whether nothing is left without these.
    private(set) var isLost = false
    /// What is wrong, to follow the annotation's id.
    private(set) var problem: String?
    /// Of the image that run lengths are of.
    private(set) var size: Pair?

    /// The most bytes of one outline.
    private static let longest = 1 << 26

    mutating func read(_ stream: inout JSONStream) throws {
        switch try stream.peek() {
        case UInt8(ascii: "["): try readPolygons(&stream)
        case UInt8(ascii: "{"): try readRuns(&stream)
        case UInt8(ascii: "n"): try stream.skipValue()
        default:
            try stream.skipValue()
            problem = "has a segmentation that is neither a list of polygons nor an object with run lengths"
        }
    }

    private mutating func finish(_ kind: CocoOutline.Kind, from start: Int, _ stream: JSONStream) {
        let length = stream.offset - start
        if length > Self.longest { problem = "has a segmentation of \(length) bytes, expected at most \(Self.longest)" }
        outline = CocoOutline(kind: kind, length: Int32(clamping: length), offset: start)
    }

    private mutating func readPolygons(_ stream: inout JSONStream) throws {
        let start = stream.offset
        var parts = 0
        var isFlat = false
        try stream.array { stream in
            guard try stream.peek() == UInt8(ascii: "[") else {
                isFlat = true
                return try stream.skipValue()
            }
            var count = 0
            try stream.array { stream in
                _ = try stream.decimal()
                count += 1
            }
            if count >= 6, count % 2 == 0 { parts += 1 } else { shortParts += 1 }
        }
        if isFlat {
            problem = "has a segmentation of bare numbers, expected a list of polygons [[x, y, x, y, ...], ...]"
        }
        isLost = parts == 0 && shortParts > 0
        if parts > 0 { finish(.polygons, from: start, stream) }
    }

    private mutating func readRuns(_ stream: inout JSONStream) throws {
        let start = stream.offset
        let runs = try StoredRuns(&stream)
        (problem, size) = (runs.problem, runs.mask?.size)
        finish(.runs, from: start, stream)
    }
}

/// Run lengths as they stand in a file.
struct StoredRuns {
    /// Nil where they are damaged.
    private(set) var mask: RunLengthMask?
    /// What is wrong, to follow the annotation's id.
    private(set) var problem: String?

    /// Enough for any mask that is drawn; runs of nothing are legal, yet no reason to hold any number of them.
    private static let mostRuns = 1 << 23

    init(_ stream: inout JSONStream) throws {
        var sides: [Int64] = []
        var (text, counts): ([UInt8]?, [UInt32]?) = (nil, nil)
        try stream.object { stream, key in
            switch key {
            case "size":
                guard try stream.peek() == UInt8(ascii: "[") else { return try stream.skipValue() }
                try stream.array { stream in
                    let value = try stream.integer() ?? 0
                    if sides.count < 3 { sides.append(value) }
                }
            case "counts":
                switch try stream.peek() {
                case UInt8(ascii: "["): counts = try Self.counts(&stream)
                case UInt8(ascii: "\""):
                    try stream.readText(most: Self.mostRuns)
                    text = stream.text
                default: try stream.skipValue()
                }
            default: try stream.skipValue()
            }
        }
        guard sides.count == 2 else {
            problem = "has run lengths without a size of [height, width] in pixels"
            return
        }
        let size = Pair(Int(sides[0]), Int(sides[1]))
        do throws(RunLengthError) {
            if let text {
                mask = try RunLengthMask(size: size, compressed: text[...])
            } else if let counts {
                mask = try RunLengthMask(size: size, counts: counts)
            } else {
                problem = "has run lengths without counts, or with counts that are no lengths"
            }
        } catch { problem = "has run lengths that are damaged: \(error)" }
    }

    /// Nil where one is no possible length.
    private static func counts(_ stream: inout JSONStream) throws -> [UInt32]? {
        var (runs, isDamaged): ([UInt32], Bool) = ([], false)
        try stream.array { stream in
            guard let length = try stream.integer().flatMap({ UInt32(exactly: $0) }), runs.count < mostRuns else {
                isDamaged = true
                return
            }
            runs.append(length)
        }
        return isDamaged ? nil : runs
    }
}
