import Datasets
import JSON
import Tensors

/// A part of a results file that a thread reads: from the start of one detection to that of another.
struct ResultPart {
    private(set) var columns = ResultColumns()
    /// Where the next part begins; nil where the list ended.
    private(set) var stop: Int?
    private(set) var problem: JSONError?
    private let wantsMasks: Bool

    private init(wantsMasks: Bool) { self.wantsMasks = wantsMasks }

    /// The detections of a whole file.
    ///
    /// Each thread begins where a detection seems to begin. A part is right when the one before it, which is, ends exactly
    /// there; where the guess was wrong (it may have been within a string), the file is read again by one thread.
    static func columns(
        _ bytes: UnsafeBufferPointer<UInt8>, _ path: String, masks: Bool, parts: Int
    ) throws(DatasetError) -> ResultColumns {
        let starts = starts(bytes, parts)
        var found = [ResultPart](repeating: ResultPart(wantsMasks: masks), count: starts.count)
        found.withUnsafeMutableBufferPointer { buffer in
            // Each chunk writes its own element.
            nonisolated(unsafe) let (buffer, bytes) = (buffer, bytes)
            ThreadPool.current.run(chunks: starts.count) { index in
                buffer[index].read(
                    bytes, from: starts[index], until: index + 1 < starts.count ? starts[index + 1] : .max)
            }
        }
        var columns = ResultColumns()
        for (index, part) in found.enumerated() {
            if let problem = part.problem {
                throw DatasetError(path, "detection \(columns.image.count + part.columns.image.count + 1): \(problem)")
            }
            if index + 1 < starts.count, part.stop != starts[index + 1] {
                return try Self.columns(bytes, path, masks: masks, parts: 1)
            }
            if index == 0 { columns = part.columns } else { columns.append(part.columns) }
        }
        return columns
    }

    /// Where parts begin: the first at the start of the file, the others where a detection seems to follow another.
    private static func starts(_ bytes: UnsafeBufferPointer<UInt8>, _ parts: Int) -> [Int] {
        var starts = [0]
        guard parts > 1, bytes.count > 1 << 16 else { return starts }
        for part in 1..<parts {
            var place = max(bytes.count / parts * part, starts[starts.count - 1] + 1)
            // Not far: detections are short.
            let limit = min(bytes.count, place + 1 << 20)
            var state = 0
            while place < limit {
                switch (state, bytes[place]) {
                case (_, UInt8(ascii: "}")): state = 1
                case (1, UInt8(ascii: ",")): state = 2
                case (2, UInt8(ascii: "{")): state = 3
                case (_, 0x20), (_, 0x0A), (_, 0x0D), (_, 0x09): break
                default: state = 0
                }
                if state == 3 { break }
                place += 1
            }
            if state == 3 { starts.append(place) }
        }
        return starts
    }

    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, until: Int) {
        var scanner = JSONByteScanner(bytes, from: start)
        do throws(JSONError) {
            if start == 0 {
                guard scanner.peek() == UInt8(ascii: "[") else {
                    throw scanner.failure("expected a list of detections, [{\"image_id\": ...}, ...]")
                }
                try scanner.expect(UInt8(ascii: "["))
                if scanner.skip(UInt8(ascii: "]")) {
                    try scanner.expectEnd()
                    return
                }
            }
            let guess = min(until, bytes.count) - start
            reserve(guess / 96)
            while true {
                try readDetection(&scanner)
                guard scanner.skip(UInt8(ascii: ",")) else { break }
                _ = scanner.peek()
                if scanner.position >= until {
                    stop = scanner.position
                    return
                }
            }
            try scanner.expect(UInt8(ascii: "]"))
            try scanner.expectEnd()
        } catch { problem = error }
    }

    private mutating func reserve(_ count: Int) {
        columns.image.reserveCapacity(count)
        columns.category.reserveCapacity(count)
        columns.score.reserveCapacity(count)
        columns.box.reserveCapacity(count)
        columns.hasBox.reserveCapacity(count)
        columns.mask.reserveCapacity(count)
    }

    private mutating func readDetection(_ scanner: inout JSONByteScanner) throws(JSONError) {
        let start = scanner.position
        var (image, category): (Int64?, Int64?)
        var score: Double?
        var box: Placed?
        var segmentation: Int?
        try scanner.object { (scanner: inout JSONByteScanner, name: Range<Int>) throws(JSONError) in
            if scanner.matches(name, "image_id") {
                image = try scanner.integer()
            } else if scanner.matches(name, "category_id") {
                category = try scanner.integer()
            } else if scanner.matches(name, "score") {
                score = try scanner.number()
            } else if scanner.matches(name, "bbox") {
                box = try Self.box(&scanner)
            } else if scanner.matches(name, "segmentation") {
                _ = scanner.peek()
                segmentation = scanner.position
                try scanner.skipValue()
            } else {
                try scanner.skipValue()
            }
        }
        func missing(_ name: String) -> JSONError {
            JSONError(
                reason: "it has no \(name), expected image_id, category_id, score and bbox or segmentation",
                offset: start)
        }
        guard let image else { throw missing("image_id") }
        guard let category else { throw missing("category_id") }
        guard let score else { throw missing("score") }
        var mask: RunLengthMask?
        if wantsMasks || box == nil, let segmentation {
            var inner = scanner.moved(to: segmentation)
            guard case .runs(let runs) = try SegmentationReader.read(&inner) else {
                throw JSONError(
                    reason: "its segmentation is an outline, expected run lengths with size and counts",
                    offset: segmentation)
            }
            mask = runs
        }
        guard box != nil || mask != nil else { throw missing("bbox") }
        columns.image.append(image)
        columns.category.append(category)
        columns.score.append(score)
        columns.box.append(box ?? .zero)
        columns.hasBox.append(box != nil)
        columns.mask.append(mask)
    }

    /// x, y, width and height.
    @inline(__always)
    static func box(_ scanner: inout JSONByteScanner) throws(JSONError) -> Placed {
        var box = Placed.zero
        let start = scanner.position
        try scanner.expect(UInt8(ascii: "["))
        for index in 0..<4 {
            if index > 0 {
                guard scanner.skip(UInt8(ascii: ",")) else {
                    throw JSONError(
                        reason: "a bbox of \(index) numbers, expected x, y, width and height", offset: start)
                }
            }
            box[index] = try scanner.number()
        }
        guard scanner.skip(UInt8(ascii: "]")) else {
            throw JSONError(reason: "a bbox of more than 4 numbers, expected x, y, width and height", offset: start)
        }
        return box
    }
}
