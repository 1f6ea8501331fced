import Tensors

/// What is said of a small image by super-resolution: the large one that it was made of. It moves with the small image,
/// by windows, flips and quarter turns exactly, since each pixel of the small image stands for a square of whole pixels.
public struct Picture: Annotation {
    /// The large image; each side is `scale` times that of the small one.
    public let image: Image
    /// How much larger it is.
    public let scale: Int

    /// - Parameter image: its sides are multiples of the scale.
    public init(_ image: Image, scale: Int) {
        require(
            scale >= 1 && image.width % scale == 0 && image.height % scale == 0, "Picture",
            "the sides of \(image.size) pixels must be multiples of the scale, \(scale)")
        (self.image, self.scale) = (image, scale)
    }

    /// The size of the small image that it belongs to.
    public var smallSize: Pair { Pair(image.height / scale, image.width / scale) }

    /// Each pixel takes the color of the one in which its center lay, and black where the small image shows padding.
    public func moved(by motion: Motion) -> Picture {
        require(
            motion.source == smallSize, "Picture", "a motion of \(motion.source) pixels does not move \(smallSize)")
        if motion == .identity(smallSize) { return self }
        let target = Pair(motion.target.height * scale, motion.target.width * scale)
        let whole = Motion.resize(image.size, to: motion.source).then(motion)
            .then(.resize(motion.target, to: target))
        let channels = image.channels
        let count = target.height * target.width * channels
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { output, written in
            image.pixels.withUnsafeBufferPointer { input in
                var position = 0
                for y in 0..<target.height {
                    for x in 0..<target.width {
                        let place = whole.visibleSource(of: Point(Double(x) + 0.5, Double(y) + 0.5))
                        let start = place.map {
                            (Pair.pixel($0.y, image.height) * image.width + Pair.pixel($0.x, image.width)) * channels
                        }
                        for channel in 0..<channels {
                            output[position] = start.map { input[$0 + channel] } ?? 0
                            position += 1
                        }
                    }
                }
            }
            written = count
        }
        return Picture(
            Image(width: target.width, height: target.height, channels: channels, pixels: pixels), scale: scale)
    }
}
