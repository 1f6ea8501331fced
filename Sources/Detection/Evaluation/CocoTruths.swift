import Datasets
import Tensors

/// What a file of COCO instances says is in its images, for measuring: nothing is left out.
public struct CocoTruths: Sendable {
    /// The file.
    public let path: String
    /// The categories in the order of their ids; labels count in them.
    public internal(set) var categories: [Category] = []
    /// The ids of the images.
    public internal(set) var images: [Int64] = []
    /// Height and width of each image; zeros where the file does not say.
    var sizes: [Pair] = []
    /// The objects; `image` counts in `images`.
    var objects = TruthColumns()
    /// What a user should know about the file, a sentence each.
    public internal(set) var notices: [String] = []

    /// A kind of object.
    public struct Category: Sendable, Equatable {
        /// Its id in the file.
        public var identifier: Int64
        /// Its name.
        public var name: String
    }

    /// How many objects there are, groups that are not told apart among them.
    public var count: Int { objects.box.count }

    /// Reads a file of annotations.
    /// - Parameter masks: whether masks are read, too.
    /// - Throws: `DatasetError` that names the file and the annotation or image at fault.
    public init(contentsOf path: String, masks: Bool = false) throws {
        try self.init(parsing: readFile(path), path, masks: masks)
    }

    /// Reads the bytes of such a file.
    package init(parsing bytes: [UInt8], _ path: String, masks: Bool = false) throws {
        self.path = path
        try bytes.withUnsafeBufferPointer { (memory) throws(DatasetError) in
            var raw = RawTruths()
            do { try raw.read(memory) } catch { throw DatasetError(path, "\(error)") }
            try resolve(raw, memory, masks: masks)
        }
    }
}
