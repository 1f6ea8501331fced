import Datasets
import JSON
import Tensors

/// Reads what COCO's files say of the pixels of an object: outlines, or run lengths as numbers or compressed.
enum SegmentationReader {
    /// What stands there.
    enum Found {
        case polygons([Polygon])
        case runs(RunLengthMask)
        /// `null`, or an empty list.
        case nothing
    }

    /// Reads the value that the scanner stands before.
    static func read(_ scanner: inout JSONByteScanner) throws(JSONError) -> Found {
        switch scanner.peek() {
        case UInt8(ascii: "["):
            let polygons = try polygons(&scanner)
            return polygons.isEmpty ? .nothing : .polygons(polygons)
        case UInt8(ascii: "{"): return .runs(try runs(&scanner))
        case UInt8(ascii: "n"):
            try scanner.word("null")
            return .nothing
        default: throw scanner.failure("expected a segmentation: a list of outlines, or an object with size and counts")
        }
    }

    private static func polygons(_ scanner: inout JSONByteScanner) throws(JSONError) -> [Polygon] {
        var polygons: [Polygon] = []
        try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in
            var numbers: [Double] = []
            try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in
                numbers.append(try scanner.number())
            }
            guard numbers.count % 2 == 0 else {
                throw scanner.failure("an outline of \(numbers.count) numbers, expected x and y in turn")
            }
            polygons.append(
                Polygon(stride(from: 0, to: numbers.count, by: 2).map { Point(numbers[$0], numbers[$0 + 1]) }))
        }
        return polygons
    }

    private static func runs(_ scanner: inout JSONByteScanner) throws(JSONError) -> RunLengthMask {
        let start = scanner.position
        var size: [Int64] = []
        var text: [UInt8]?
        var counts: [UInt32]?
        try scanner.object { (scanner: inout JSONByteScanner, name: Range<Int>) throws(JSONError) in
            if scanner.matches(name, "size") {
                size.removeAll()
                try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in
                    guard size.count < 2 else { throw scanner.failure("a size of more than two numbers") }
                    size.append(try scanner.integer())
                }
            } else if scanner.matches(name, "counts") {
                if scanner.peek() == UInt8(ascii: "\"") {
                    text = try characters(&scanner)
                } else {
                    var runs: [UInt32] = []
                    try scanner.array { (scanner: inout JSONByteScanner) throws(JSONError) in
                        guard let run = UInt32(exactly: try scanner.integer()) else {
                            throw scanner.failure("a run of no possible length")
                        }
                        runs.append(run)
                    }
                    counts = runs
                }
            } else {
                try scanner.skipValue()
            }
        }
        guard size.count == 2 else {
            throw JSONError(reason: "run lengths without their size, expected [height, width]", offset: start)
        }
        // A size beyond any image is no image's.
        let pair = Pair(Int(clamping: size[0]), Int(clamping: size[1]))
        do throws(RunLengthError) {
            if let text { return try RunLengthMask(size: pair, compressed: text[...]) }
            if let counts { return try RunLengthMask(size: pair, counts: counts) }
        } catch { throw JSONError(reason: error.description, offset: start) }
        throw JSONError(reason: "run lengths without counts", offset: start)
    }

    /// The characters of a string, whose only usual escape is that of the backslash.
    private static func characters(_ scanner: inout JSONByteScanner) throws(JSONError) -> [UInt8] {
        let found = try scanner.string()
        let raw = scanner[found.range]
        guard found.hasEscapes else { return Array(raw) }
        var characters: [UInt8] = []
        characters.reserveCapacity(raw.count)
        var place = 0
        while place < raw.count {
            var byte = raw[place]
            if byte == UInt8(ascii: "\\") {
                place += 1
                guard place < raw.count else { break }
                byte = raw[place]
                let isLiteral =
                    byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "/")
                if !isLiteral { return Array(try scanner.text(found).utf8) }
            }
            characters.append(byte)
            place += 1
        }
        return characters
    }
}
