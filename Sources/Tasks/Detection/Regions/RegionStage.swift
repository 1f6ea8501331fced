import Tensors

/// What a stage that looks at regions asks of those that it is trained with, and what its answer costs; a detector has one, a
/// cascade three.
package struct RegionStage: Sendable, Equatable {
    /// The loss of boxes.
    package enum BoxLoss: Sendable, Equatable {
        /// Smooth L1 of encoded boxes; L1 for a beta of 0.
        case encoded(beta: Double)
        /// 1 - measure of decoded boxes.
        case decoded(BoxMeasure, epsilon: Double)
    }

    /// The overlap from which on a region is of an object.
    package var overlap = 0.5
    /// Whether the regions that overlap an object most are of it, where they overlap it enough at all.
    package var keepsBest = false
    /// What encoded boxes (x, y, width, height) are divided by.
    package var deviations = [0.1, 0.1, 0.2, 0.2]
    /// What boxes cost.
    package var boxLoss = BoxLoss.encoded(beta: 0)
    /// Of the class.
    package var classWeight = 1.0
    /// Of the box.
    package var boxWeight = 1.0
    /// Of the mask.
    package var maskWeight = 1.0

    /// mmdetection's only stage of a Faster R-CNN.
    package init() {}
}
