import Tensors

/// The images and labels of one step. It belongs to whoever got it from `BatchLoader.next()`; its memory is used again
/// once nobody holds it any more.
public final class Batch: @unchecked Sendable {  // filled by one thread, then only read
    public let height: Int
    public let width: Int
    public let channels: Int
    public let classCount: Int
    /// How many images there are; the last batch of an epoch may be short.
    public internal(set) var count = 0
    /// The position of the batch in its epoch.
    public internal(set) var index = 0
    /// The images' indices in the data set.
    public internal(set) var indices: [Int] = []
    /// Whether `softTargets` holds anything.
    public let hasSoftTargets: Bool

    /// Where its first image stands in the batch that it is a part of; 0 for a whole batch.
    public let first: Int

    let capacity: Int
    let imageMemory: UnsafeMutablePointer<Float>
    let labelMemory: UnsafeMutablePointer<Int32>
    let targetMemory: UnsafeMutablePointer<Float>?
    /// The batch whose memory this one looks at, when it has none of its own.
    private let whole: Batch?

    init(capacity: Int, height: Int, width: Int, channels: Int, classCount: Int, softTargets: Bool) {
        self.capacity = capacity
        self.height = height
        self.width = width
        self.channels = channels
        self.classCount = classCount
        hasSoftTargets = softTargets
        imageMemory = SystemMemory.take(Float.self, capacity, height, width, channels)
        labelMemory = SystemMemory.take(Int32.self, capacity)
        targetMemory = softTargets ? SystemMemory.take(Float.self, capacity, classCount) : nil
        whole = nil
        first = 0
        indices.reserveCapacity(capacity)
    }

    /// The images of another batch at those positions, in that batch's memory.
    init(_ whole: Batch, _ range: Range<Int>) {
        self.whole = whole
        (height, width, channels, classCount) = (whole.height, whole.width, whole.channels, whole.classCount)
        hasSoftTargets = whole.hasSoftTargets
        capacity = range.count
        first = range.lowerBound
        imageMemory = whole.imageMemory + first * whole.height * whole.width * whole.channels
        labelMemory = whole.labelMemory + first
        targetMemory = whole.targetMemory.map { $0 + range.lowerBound * whole.classCount }
        count = range.count
        index = whole.index
        indices = Array(whole.indices[range])
    }

    deinit {
        guard whole == nil else { return }
        SystemMemory.release(imageMemory)
        SystemMemory.release(labelMemory)
        targetMemory.map { SystemMemory.release($0) }
    }

    /// Normalised pixels [count, height, width, channels]; valid as long as the batch.
    public var images: UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: imageMemory, count: count * height * width * channels)
    }

    /// Class indices [count]; valid as long as the batch.
    public var labels: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: labelMemory, count: count) }

    /// Probabilities [count, classes] where images are mixed, else nil; valid as long as the batch.
    public var softTargets: UnsafeBufferPointer<Float>? {
        targetMemory.map { UnsafeBufferPointer(start: $0, count: count * classCount) }
    }
}
