import Datasets
import Tensors

/// The large images of a batch.
public struct Pictures: Targets {
    /// Of each image, in pixels.
    public let size: Pair
    /// [count, height, width, 3], 0 to 255.
    public let bytes: [UInt8]

    /// - Parameters:
    ///   - size: of each image.
    ///   - bytes: [count, height, width, 3].
    public init(size: Pair, bytes: [UInt8]) { (self.size, self.bytes) = (size, bytes) }

    private var valueCount: Int { 3 * size.height * size.width }

    /// The large images of those.
    public func part(_ range: Range<Int>) -> Pictures {
        Pictures(size: size, bytes: Array(bytes[range.lowerBound * valueCount..<range.upperBound * valueCount]))
    }

    /// One of them.
    public subscript(index: Int) -> Image {
        Image(
            width: size.width, height: size.height, channels: 3,
            pixels: Array(bytes[index * valueCount..<(index + 1) * valueCount]))
    }

    /// The colors from 0 to 1, [count, height, width, 3].
    var values: Tensor<Float> {
        Tensor([bytes.count / max(1, valueCount), size.height, size.width, 3], bytes.map { Float($0) / 255 })
    }
}

/// Puts large images together.
public struct PictureCollator: Collator {
    /// The images as they are.
    public init() {}
    /// No.
    public var looksAcrossImages: Bool { false }

    /// The large images, one behind the other.
    public func collate(_ annotations: [Picture], _ images: ImageBatch, _ random: inout Random) -> Pictures {
        let size = annotations.first?.image.size ?? Pair(1)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(annotations.count * 3 * size.height * size.width)
        for picture in annotations {
            require(
                picture.image.size == size && picture.image.channels == 3
                    && picture.smallSize == Pair(images.height, images.width), "PictureCollator",
                "an image of \(picture.image.size) pixels is not what one of \(images.height)x\(images.width) becomes")
            bytes += picture.image.pixels
        }
        return Pictures(size: size, bytes: bytes)
    }
}
