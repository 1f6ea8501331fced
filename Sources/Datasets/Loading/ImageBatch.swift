import Tensors

/// The images of one step. Its memory is used again once nobody holds it any more.
public final class ImageBatch: @unchecked Sendable {  // filled by one thread, then only read
    /// Of each image, in pixels.
    public private(set) var height: Int
    /// Of each image, in pixels.
    public private(set) var width: Int
    /// Of each pixel: 1 for grey, 3 for red, green and blue.
    public let channels: Int
    /// How many images there are; the last batch of an epoch may be short.
    public internal(set) var count = 0
    /// The position of the batch in its epoch.
    public internal(set) var index = 0
    /// The images' indices in the data set.
    public internal(set) var indices: [Int] = []
    /// Where its first image stands in the batch that it is a part of; 0 for a whole batch.
    public internal(set) var first = 0
    /// How many images the batch has that it is a part of; `count` for a whole batch.
    public internal(set) var wholeCount = 0

    let memory: UnsafeMutablePointer<Float>
    /// The batch whose memory this one looks at, when it has none of its own.
    private let whole: ImageBatch?

    init(capacity: Int, height: Int, width: Int, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
        memory = SystemMemory.take(Float.self, capacity, height, width, channels)
        whole = nil
        indices.reserveCapacity(capacity)
    }

    /// The images of another batch at those of its positions, in that batch's memory.
    init(_ whole: ImageBatch, _ range: Range<Int>) {
        self.whole = whole
        (height, width, channels) = (whole.height, whole.width, whole.channels)
        first = whole.first + range.lowerBound
        wholeCount = whole.wholeCount
        memory = whole.memory + range.lowerBound * whole.height * whole.width * whole.channels
        count = range.count
        index = whole.index
        indices = Array(whole.indices[range])
    }

    /// Images that come from no data set, numbered from 0, to measure with.
    /// - Parameter images: [count, height, width, channels].
    package convenience init(_ images: Tensor<Float>) {
        let count = images.shape[0]
        self.init(capacity: count, height: images.shape[1], width: images.shape[2], channels: images.shape[3])
        self.count = count
        wholeCount = count
        indices = Array(0..<count)
        images.read { memory.update(from: $0, count: images.elementCount) }
    }

    deinit { if whole == nil { SystemMemory.release(memory) } }

    /// The size that there is memory for, from where a batch is filled.
    func restore(_ size: Pair) { (height, width) = (size.height, size.width) }

    /// Cuts off what lies right of and below a size, of all images.
    func trim(to size: Pair) {
        guard size != Pair(height, width) else { return }
        let (line, kept) = (width * channels, size.width * channels)
        for image in 0..<count {
            for row in 0..<size.height {
                let source = memory + (image * height + row) * line
                // Toward the beginning, so that nothing is overwritten that is still to be moved.
                (memory + (image * size.height + row) * kept).update(from: source, count: kept)
            }
        }
        restore(size)
    }

    /// How many numbers an image has.
    public var valueCount: Int { height * width * channels }

    /// Normalised pixels [count, height, width, channels]; valid as long as the batch.
    public var pixels: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: memory, count: count * valueCount) }

    /// The same to be changed, for a collator, which sees a batch before anybody else does.
    public func withMutablePixels<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        try body(UnsafeMutableBufferPointer(start: memory, count: count * valueCount))
    }
}

extension Tensor where S == Float {
    /// The pixels of a batch, [count, height, width, channels]; a copy, so the batch's memory may be used again.
    public init(_ batch: ImageBatch) {
        let source = batch.pixels
        self.init([batch.count, batch.height, batch.width, batch.channels]) { target in
            if let base = source.baseAddress { target.update(from: base, count: source.count) }
        }
    }
}
