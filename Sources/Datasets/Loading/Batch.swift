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
    /// How many images the batch has that it is a part of; `count` for a whole batch.
    public var wholeCount: Int { images.wholeCount }

    /// The batch in consecutive parts of `size` images, the last one possibly smaller. They share the batch's memory and
    /// keep it alive; the batch itself where it is no larger than one part.
    public func parts(of size: Int) -> [Batch] {
        guard size > 0, size < count else { return [self] }
        return stride(from: 0, to: count, by: size).map { part($0..<min($0 + size, count)) }
    }

    private func part(_ range: Range<Int>) -> Batch {
        Batch(images: ImageBatch(images, range), targets: targets.part(range))
    }

    /// Slice number `index` of the `count` that the whole batch is cut into; nil where it has no images. All of its images
    /// must be here.
    package func slice(_ index: Int, of count: Int) -> Batch? {
        let range = BatchSlices.range(index, of: count, images: wholeCount)
        if range.isEmpty { return nil }
        if range.lowerBound == first && range.count == self.count { return self }
        require(
            range.lowerBound >= first && range.upperBound <= first + self.count, "Batch.slice",
            "images \(range) of a batch are not among those from \(first) to \(first + self.count)")
        return part(range.lowerBound - first..<range.upperBound - first)
    }
}

/// How a batch is cut into slices: consecutive images, as evenly as can be. Runs of slices that begin and end at the same
/// share of all slices have the same images, however many slices there are.
package enum BatchSlices {
    /// The positions of a slice's images in a batch of so many.
    package static func range(_ index: Int, of count: Int, images: Int) -> Range<Int> {
        index * images / count..<(index + 1) * images / count
    }
}

extension Tensor where S == Float {
    /// The pixels of a batch, [count, height, width, channels]; a copy, so the batch's memory may be used again.
    public init<Target>(_ batch: Batch<Target>) { self.init(batch.images) }
}
