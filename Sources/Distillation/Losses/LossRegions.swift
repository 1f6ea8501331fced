import Tensors

/// A box around an object, in continuous pixels of the student's input.
public struct LossBox: Sendable, Hashable {
    /// The left side.
    public let left: Double
    /// The upper side.
    public let top: Double
    /// The right side.
    public let right: Double
    /// The lower side.
    public let bottom: Double

    /// A box by its sides.
    public init(left: Double, top: Double, right: Double, bottom: Double) {
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }
}

/// Where the objects of a batch are, for losses that look more closely there.
public struct LossRegions: Sendable, Hashable {
    /// The boxes of each image, in pixels of the student's input.
    public let boxes: [[LossBox]]
    /// Height and width of the student's input, the padding of the batch with it.
    public let size: Pair
    /// Height and width of each image without the padding.
    public let validSizes: [Pair]

    /// The objects of a batch; `validSizes` are those of the padded input when absent.
    public init(boxes: [[LossBox]], size: Pair, validSizes: [Pair]? = nil) {
        self.boxes = boxes
        self.size = size
        self.validSizes = validSizes ?? boxes.map { _ in size }
        require(
            self.validSizes.count == boxes.count, "LossRegions", [],
            "there must be one valid size for each of \(boxes.count) images, not \(self.validSizes.count)")
    }
}
