import Datasets
import JSON
import Tensors

/// What a results file in COCO's format says: a list of detections, each with the ids of its image and category, a score, and
/// a box, a mask or both.
public struct CocoResults: Sendable {
    /// The file.
    public let path: String
    var columns: ResultColumns

    /// How many detections there are.
    public var count: Int { columns.image.count }

    /// The ids of the categories that there are detections of.
    public var categories: Set<Int64> { Set(columns.category) }

    /// Reads a results file over all threads.
    /// - Parameter masks: whether masks are read, too; where a detection has no box, its mask is read in any case.
    /// - Throws: `DatasetError` that names the file, the detection and the byte.
    public init(contentsOf path: String, masks: Bool = true) throws {
        try self.init(parsing: readFile(path), path, masks: masks)
    }

    /// Reads the bytes of a results file.
    package init(
        parsing bytes: [UInt8], _ path: String, masks: Bool = true, parts: Int = ThreadPool.current.threads
    ) throws {
        self.path = path
        columns = try bytes.withUnsafeBufferPointer { (memory) throws(DatasetError) in
            try ResultPart.columns(memory, path, masks: masks, parts: parts)
        }
    }

    /// A detection.
    public struct Item: Sendable, Equatable {
        /// The id of its image.
        public var image: Int64
        /// The id of its category.
        public var category: Int64
        /// How sure the detector is.
        public var score: Double
        /// Where it is; nil where the file says only which pixels.
        public var box: Box?
        /// Its pixels; nil where the file does not say or they were not read.
        public var mask: RunLengthMask?

        /// A detection.
        public init(image: Int64, category: Int64, score: Double, box: Box?, mask: RunLengthMask? = nil) {
            (self.image, self.category, self.score, self.box, self.mask) = (image, category, score, box, mask)
        }
    }

    /// One of the detections.
    public subscript(index: Int) -> Item {
        Item(
            image: columns.image[index], category: columns.category[index], score: columns.score[index],
            box: columns.hasBox[index] ? Box(columns.box[index]) : nil, mask: columns.mask[index])
    }
}

/// Detections of a file column by column.
struct ResultColumns: Sendable {
    var image: [Int64] = []
    var category: [Int64] = []
    var score: [Double] = []
    /// Zeros where there is none.
    var box: [Placed] = []
    var hasBox: [Bool] = []
    var mask: [RunLengthMask?] = []

    mutating func append(_ other: ResultColumns) {
        image += other.image
        category += other.category
        score += other.score
        box += other.box
        hasBox += other.hasBox
        mask += other.mask
    }
}
