import CImages
import Synchronization
import Tensors

/// The size and channels of an image, or of a model's input.
public struct ImageShape: Sendable, Hashable {
    /// In pixels, upright.
    public var width: Int
    /// In pixels, upright.
    public var height: Int
    /// 1 (gray) or 3 (red, green, blue).
    public var channels: Int

    /// A shape of these numbers.
    public init(width: Int, height: Int, channels: Int) {
        self.width = width
        self.height = height
        self.channels = channels
    }

    /// What the header of an image file says, upright.
    /// - Parameter bytes: the file, or a beginning that holds its header.
    init(decoding bytes: [UInt8], name: String) throws {
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var header = hb_image_header()
        let code = bytes.withUnsafeBufferPointer {
            hb_image_read_header($0.baseAddress, $0.count, Image.maximumPixels, &header, &message)
        }
        if code != 0 { throw Image.failure(code, message, name) }
        let swapped = header.orientation >= 5
        self.init(
            width: Int(swapped ? header.height : header.width), height: Int(swapped ? header.width : header.height),
            channels: Int(header.channels))
    }

    /// Reads the header of an image file; of most files the first part is enough.
    init(contentsOf path: String) throws {
        let enough = 1 << 17
        let start = try readFile(path, limit: enough)
        // TIFF may have its header anywhere.
        let isTIFF = hb_image_format(start, start.count) == HB_IMAGE_TIFF
        if start.count < enough || !isTIFF, let shape = try? ImageShape(decoding: start, name: path) {
            self = shape
            return
        }
        try self.init(decoding: readFile(path, maximum: Image.maximumFileSize), name: path)
    }
}

extension ImageFolder {
    /// What the header of the image's file says.
    public func shape(_ index: Int) throws -> ImageShape { try ImageShape(contentsOf: name(index)) }
}

/// The shapes of a data set's images.
package struct ImageShapes: Sendable {
    /// How many images have each shape.
    package private(set) var counts: [ImageShape: Int] = [:]

    package init(_ counts: [ImageShape: Int]) { self.counts = counts }

    /// Looks at the headers of at most `limit` images, spread evenly over the data set. Images that cannot be read are
    /// passed over: they are named when they are decoded.
    /// - Throws: when none can be read.
    package init(of dataset: any ImageDataset, limit: Int = 4000) throws {
        let count = min(limit, dataset.count)
        guard count > 0 else { throw DatasetError("data", "the data set holds no images") }
        let found = Mutex<[ImageShape: Int]>([:])
        parallelFor(count, grain: 32) { range in
            var own: [ImageShape: Int] = [:]
            for i in range {
                if let shape = try? dataset.shape(i * dataset.count / count) { own[shape, default: 0] += 1 }
            }
            found.withLock { $0.merge(own, uniquingKeysWith: +) }
        }
        counts = found.withLock { $0 }
        guard counts.isEmpty else { return }
        do { counts[try dataset.shape(0)] = 1 } catch let error as DatasetError { throw dataset.explained(error) }
    }

    /// 3 when any image is in colour.
    package var channels: Int { counts.keys.contains { $0.channels == 3 } ? 3 : 1 }

    /// The size that all images have, or nil.
    package var commonSize: (width: Int, height: Int)? {
        guard let first = counts.keys.first else { return nil }
        let isCommon = counts.keys.allSatisfy { $0.width == first.width && $0.height == first.height }
        return isCommon ? (first.width, first.height) : nil
    }

    /// The value in the middle when all images are ordered by it.
    package func median<Value: Comparable>(_ value: (ImageShape) -> Value) -> Value? {
        let ordered = counts.map { (value($0.key), $0.value) }.sorted { $0.0 < $1.0 }
        let total = ordered.reduce(0) { $0 + $1.1 }
        var before = 0
        for (value, count) in ordered {
            before += count
            if 2 * before >= total { return value }
        }
        return nil
    }

    /// The smallest and the largest size by area.
    package var extremes: (smallest: ImageShape, largest: ImageShape)? {
        let ordered = counts.keys.sorted {
            ($0.width * $0.height, $0.width, $0.channels) < ($1.width * $1.height, $1.width, $1.channels)
        }
        guard let first = ordered.first, let last = ordered.last else { return nil }
        return (first, last)
    }
}
