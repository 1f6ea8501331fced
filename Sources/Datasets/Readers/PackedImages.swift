/// Images of one size held in one array, behind each other, with no memory of their own.
struct PackedImages: AnnotatedDataset {
    let classNames: [String]
    let width: Int
    let height: Int
    let channels: Int
    /// Of pixels [count, height, width, channels] from `offset` on.
    let bytes: [UInt8]
    let offset: Int
    /// Each below the number of classes.
    let classes: [UInt8]
    /// The file or folder that the images come from; names are `source[index]`.
    let source: String

    var count: Int { classes.count }
    var isInMemory: Bool { true }
    func annotation(_ index: Int) -> ClassLabel { ClassLabel(Int(classes[index])) }
    func name(_ index: Int) -> String { "\(source)[\(index)]" }

    func image(_ index: Int) -> Image {
        let size = width * height * channels
        let start = offset + index * size
        return Image(width: width, height: height, channels: channels, pixels: Array(bytes[start..<start + size]))
    }
}

/// How much memory the files of a data set that holds all images in memory may still take.
public struct PackedBudget {
    /// Enough for the largest relatives of MNIST.
    public static let defaultMegabytes = 768

    private let megabytes: Int
    private var left: Int

    init(megabytes: Int) {
        self.megabytes = megabytes
        left = megabytes << 20
    }

    /// Beside its pixels an image costs places in lists: its label, its positions in a part and in an epoch's order.
    private static let listBytes = 128

    /// Takes so many images of a file before anything is allocated for them.
    mutating func take(images: Int, bytesEach: Int, of path: String) throws {
        let (each, overflow) = bytesEach.addingReportingOverflow(Self.listBytes)
        let (bytes, isTooMany) = images.multipliedReportingOverflow(by: overflow ? .max : each)
        guard !isTooMany, bytes <= left else {
            let needed = isTooMany ? "more than this machine can count" : "\(bytes >> 20)"
            throw DatasetError(
                path,
                "the file holds \(images) images of \(bytesEach) bytes, which take \(needed) MB of memory, but "
                    + "data.packedMegabytes allows \(left >> 20) more of its \(megabytes)")
        }
        left -= bytes
    }
}
