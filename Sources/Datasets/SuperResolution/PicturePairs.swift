import Synchronization
import Tensors

/// Small images, each with the large one that it is made of: an image cut to multiples of the scale, and the same reduced
/// by antialiased bicubic interpolation, byte for byte as Pillow's `resize` with `BICUBIC` does it.
public struct PicturePairs: AnnotatedDataset {
    /// How much smaller the small images are.
    public let scale: Int
    private let base: any ImageDataset
    private let cache: PictureCache

    /// The names of what a model answers with.
    public static let channelNames = ["red", "green", "blue"]

    /// - Parameter megabytes: memory for decoded images, so that they are not decoded again in every epoch.
    public init(_ base: any ImageDataset, scale: Int, megabytes: Int = PackedBudget.defaultMegabytes) {
        self.init(base, scale: scale, MaskBudget(megabytes: megabytes))
    }

    init(_ base: any ImageDataset, scale: Int, _ budget: MaskBudget) {
        (self.base, self.scale) = (base, scale)
        cache = PictureCache(count: base.count, budget)
    }

    /// Red, green and blue.
    public var classNames: [String] { Self.channelNames }
    /// How many images there are.
    public var count: Int { base.count }
    /// The large image's file.
    public func name(_ index: Int) -> String { base.name(index) }
    /// Of the large image.
    public func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    /// As the large images explain it.
    public func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }

    /// The small image, made of the large one.
    public func image(_ index: Int) throws -> Image {
        let large = try picture(index)
        return large.resized(to: Pair(large.height / scale, large.width / scale), filter: .bicubic)
    }

    /// The large image.
    public func annotation(_ index: Int) throws -> Picture { Picture(try picture(index), scale: scale) }

    /// Of the small image.
    public func shape(_ index: Int) throws -> ImageShape {
        let shape = try base.shape(index)
        return ImageShape(width: max(1, shape.width / scale), height: max(1, shape.height / scale), channels: 3)
    }

    private func picture(_ index: Int) throws -> Image {
        if let known = cache.picture(index) { return known }
        let image = try base.image(index)
        let size = Pair(image.height / scale * scale, image.width / scale * scale)
        guard size.height > 0, size.width > 0 else {
            throw DatasetError(
                base.name(index), "an image of \(image.size) pixels cannot be reduced by \(scale)")
        }
        let picture = image.converted(channels: 3).upperLeft(size)
        cache.put(picture, index)
        return picture
    }
}

/// Large images that were decoded before.
private final class PictureCache: Sendable {
    private let pictures: Mutex<[Image?]>
    private let budget: MaskBudget

    init(count: Int, _ budget: MaskBudget) {
        pictures = Mutex([Image?](repeating: nil, count: count))
        self.budget = budget
    }

    func picture(_ index: Int) -> Image? { pictures.withLock { $0[index] } }

    func put(_ picture: Image, _ index: Int) {
        pictures.withLock { pictures in
            if pictures[index] == nil, budget.take(picture.pixels.count + 128) { pictures[index] = picture }
        }
    }
}

extension Image {
    /// The upper left part of the image.
    func upperLeft(_ size: Pair) -> Image {
        if size == self.size { return self }
        var kept: [UInt8] = []
        kept.reserveCapacity(size.height * size.width * channels)
        for row in 0..<size.height {
            kept += pixels[row * width * channels..<(row * width + size.width) * channels]
        }
        return Image(width: size.width, height: size.height, channels: channels, pixels: kept)
    }
}

/// Images enlarged by bicubic interpolation.
struct EnlargedImages: ImageDataset {
    let base: any ImageDataset
    let factor: Int

    var count: Int { base.count }
    var isInMemory: Bool { base.isInMemory }
    func name(_ index: Int) -> String { base.name(index) }
    func image(_ index: Int) throws -> Image {
        let image = try base.image(index)
        return image.resized(to: Pair(factor * image.height, factor * image.width), filter: .bicubic)
    }
}
