import CImages
import Synchronization
import Tensors

/// An image of a part, as its file and the list of its objects agree on it.
struct ImageFrame: Sendable {
    /// The index in the list.
    let index: Int
    /// Height and width of the decoded image.
    let size: Pair
    /// Height and width of the image that the objects were drawn in.
    let drawn: Pair
    /// What turns that image upright, by EXIF's numbers; 1 where it is upright.
    let orientation: Int

    /// What was found out about an image.
    enum Finding: Sendable {
        case frame(ImageFrame, isTurned: Bool)
        /// The file cannot be read.
        case broken(DatasetError)
        /// There is no such file.
        case missing
        /// It is of another size than its list says.
        case other(found: Pair, said: Pair)
    }

    /// Looks at the headers of all images, on all threads.
    /// - Parameter reads: whether files are looked at where the list says the size.
    static func findings(_ entries: [ObjectEntry]) -> [Finding] {
        let found = Mutex([Finding?](repeating: nil, count: entries.count))
        parallelFor(entries.count, grain: 32) { range in
            let own = range.map { finding($0, entries[$0]) }
            found.withLock { found in for (index, value) in zip(range, own) { found[index] = value } }
        }
        return found.withLock { $0.compactMap { $0 } }
    }

    private static func finding(_ index: Int, _ entry: ObjectEntry) -> Finding {
        let header: ImageHeader
        do { header = try ImageHeader(contentsOf: entry.image) } catch {
            return exists(entry.image)
                ? .broken(error as? DatasetError ?? DatasetError(entry.image, "\(error)")) : .missing
        }
        let upright = header.upright
        guard let said = entry.size, said != upright else {
            return .frame(ImageFrame(index: index, size: upright, drawn: upright, orientation: 1), isTurned: false)
        }
        guard said == Pair(upright.width, upright.height) else { return .other(found: upright, said: said) }
        // Drawn before the file's own turn was made; without one, only the two numbers were exchanged.
        let orientation = header.orientation
        let isStored = orientation == 6 || orientation == 8
        return .frame(
            ImageFrame(
                index: index, size: upright, drawn: isStored ? said : upright, orientation: isStored ? orientation : 1),
            isTurned: true)
    }
}

/// What the first bytes of an image file say.
struct ImageHeader {
    /// Height and width as the picture is to be looked at.
    let upright: Pair
    /// EXIF's number.
    let orientation: Int

    /// Enough for the header of most files; others are read again as a whole.
    private static let start = 1 << 14

    init(contentsOf path: String) throws {
        let bytes = try readFile(path, limit: Self.start)
        if bytes.count == Self.start, hb_image_format(bytes, bytes.count) != HB_IMAGE_TIFF,
            let header = try? ImageHeader(decoding: bytes, name: path)
        {
            self = header
        } else if bytes.count < Self.start {
            try self.init(decoding: bytes, name: path)
        } else {
            try self.init(decoding: readFile(path, maximum: Image.maximumFileSize), name: path)
        }
    }

    private init(decoding bytes: [UInt8], name: String) throws {
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var header = hb_image_header()
        let code = bytes.withUnsafeBufferPointer {
            hb_image_read_header($0.baseAddress, $0.count, Image.maximumPixels, &header, &message)
        }
        if code != 0 { throw Image.failure(code, message, name) }
        let isTurned = header.orientation >= 5
        upright = Pair(
            Int(isTurned ? header.width : header.height), Int(isTurned ? header.height : header.width))
        orientation = Int(header.orientation)
    }
}
