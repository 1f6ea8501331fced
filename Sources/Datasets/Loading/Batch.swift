import Tensors

/// What the answers to a batch are compared with, of whatever kind a task has: labels, masks, boxes.
public protocol Targets: Sendable {
    /// Those of the images at these positions of the batch.
    func part(_ range: Range<Int>) -> Self
}

/// Targets of batches that nobody compares with anything.
public struct NoTargets: Targets {
    /// None, whatever the batch.
    public init() {}
    /// None again.
    public func part(_ range: Range<Int>) -> NoTargets { self }
}

/// The images of one step with their targets.
public struct Batch<Target: Targets>: Sendable {
    /// The pixels, and which images they are of.
    public let images: ImageBatch
    /// What the answers are compared with, in the order of the images.
    public let targets: Target

    /// A batch put together by hand; the loader makes its own.
    public init(images: ImageBatch, targets: Target) { (self.images, self.targets) = (images, targets) }

    /// How many images there are.
    public var count: Int { images.count }
    /// The images' indices in the data set.
    public var indices: [Int] { images.indices }
    /// Where its first image stands in the batch that it is a part of; 0 for a whole batch.
    public var first: Int { images.first }

    /// The batch in consecutive parts of `size` images, the last one possibly smaller. They share the batch's memory and
    /// keep it alive; the batch itself where it is no larger than one part.
    public func parts(of size: Int) -> [Batch] {
        guard size > 0, size < count else { return [self] }
        return stride(from: 0, to: count, by: size).map { start in
            let range = start..<min(start + size, count)
            return Batch(images: ImageBatch(images, range), targets: targets.part(range))
        }
    }
}

extension Tensor where S == Float {
    /// The pixels of a batch, [count, height, width, channels]; a copy, so the batch's memory may be used again.
    public init<Target>(_ batch: Batch<Target>) { self.init(batch.images) }
}
