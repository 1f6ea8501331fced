import Datasets
import Tensors

/// The objects in the images of a batch.
public struct InstanceTargets: Targets {
    /// Of the input, in pixels, padding included.
    public let size: Pair
    /// One for each image.
    public let images: [InstanceTarget]

    /// - Parameters:
    ///   - size: of the input, in pixels.
    ///   - images: one for each image.
    public init(size: Pair, images: [InstanceTarget]) { (self.size, self.images) = (size, images) }

    /// Those of these images.
    public func part(_ range: Range<Int>) -> InstanceTargets {
        InstanceTargets(size: size, images: Array(images[range]))
    }
}

/// The objects in one image of a batch.
public struct InstanceTarget: Sendable {
    /// Of the objects to be found, in pixels of the input, each with an area. Crowds are not among them.
    public var boxes: [Box]
    /// The class of each, an index into the class names.
    public var labels: [Int32]
    /// The pixels of the input that each covers; as many as boxes where the task learns masks, nil for an object of which
    /// none is known; empty otherwise.
    public var masks: [RunLengthMask?]
    /// Groups of objects that are not told apart, in pixels of the input: what lies in them need not be no object.
    public var crowds: [Box]
    /// Height and width of the part of the input that the image takes, at the upper left; the rest is padding.
    public var visible: Pair
    /// The image's objects in its own pixels, and how it moved into the input.
    public var located: LocatedInstances

    /// - Parameters:
    ///   - masks: as many as boxes, or none.
    ///   - visible: the part of the input that the image takes.
    public init(
        boxes: [Box], labels: [Int32], masks: [RunLengthMask?] = [], crowds: [Box] = [], visible: Pair,
        located: LocatedInstances
    ) {
        (self.boxes, self.labels, self.masks, self.crowds) = (boxes, labels, masks, crowds)
        (self.visible, self.located) = (visible, located)
    }
}
