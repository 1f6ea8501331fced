import Reporting
import Tensors

/// What an evaluation of a segmenter found.
public struct SegmentationFindings: TaskFindings {
    /// The answer to one image, kept for the report.
    public struct Answer: Sendable, Equatable {
        /// The image's index in the data set.
        public let index: Int
        /// Of the image, in pixels.
        public let size: Pair
        /// The class of each pixel.
        public let classes: [UInt8]
        /// The mean intersection over union of the image alone, over the classes that it has; nil where nothing counts.
        public let meanIoU: Double?
    }

    /// The loss per pixel and the task's metrics.
    public internal(set) var scores = Scores(loss: 0, count: 0, [:])
    /// Pixels by label and answer.
    public internal(set) var counts: PixelCounts
    /// The images with the highest and the lowest mean intersection over union, best and worst first.
    public internal(set) var best: [Answer] = []
    /// Those that were answered worst, the worst first.
    public internal(set) var worst: [Answer] = []
    /// A few images that are the same in every evaluation.
    public internal(set) var fixed: [Answer] = []
    /// What a user should know.
    public internal(set) var notices: [String] = []
}
