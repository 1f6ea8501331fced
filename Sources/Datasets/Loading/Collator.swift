import Tensors

/// Makes the targets of a batch from what is said about its images. It runs on the loader's threads.
public protocol Collator<Annotation, Target>: Sendable {
    /// What is said about an image.
    associatedtype Annotation: Datasets.Annotation
    /// What is made of it for a batch.
    associatedtype Target: Targets

    /// The targets of a batch.
    /// - Parameters:
    ///   - annotations: one for each image, moved as its pixels were.
    ///   - images: the images, which may be changed here, mixed with each other, say.
    ///   - random: a function of the seed, the epoch and the batch's index.
    func collate(_ annotations: [Annotation], _ images: ImageBatch, _ random: inout Random) throws -> Target
    /// Whether an image or its target depends on the other images of the batch, or on `random`; then several processes
    /// that share a batch load all of it. True by default, to be on the safe side.
    var looksAcrossImages: Bool { get }
}

extension Collator {
    /// Yes.
    public var looksAcrossImages: Bool { true }
}

/// For those who look at the images alone.
public struct ImagesOnly<Annotation: Datasets.Annotation>: Collator {
    /// A collator that leaves the images as they are.
    public init() {}
    /// No.
    public var looksAcrossImages: Bool { false }
    /// Nothing, whatever is said about the images.
    public func collate(_ annotations: [Annotation], _ images: ImageBatch, _ random: inout Random) -> NoTargets {
        NoTargets()
    }
}
