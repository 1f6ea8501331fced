import Detection

/// What one stage of a second stage asks of the regions that it is trained with, and what its answer costs; a detector has
/// one, a cascade three.
package struct RegionStage: Sendable, Equatable {
    /// The loss of boxes.
    package enum BoxLoss: Sendable, Equatable {
        /// Smooth L1 on encoded boxes, L1 for a beta of 0.
        case encoded(beta: Double)
        /// 1 - measure of decoded boxes: HorNet's cascade.
        case decoded(DetectorLossKeys.Kind, epsilon: Double)
    }

    /// The overlap from which on a region is of an object.
    package var overlap: Double
    /// Whether the regions that overlap most with an object are of it, where they overlap enough at all.
    package var keepsBest: Bool
    /// What encoded boxes are divided by: horizontally and vertically, for places and for sizes.
    package var deviations: [Double]
    /// What boxes cost.
    package var boxLoss: BoxLoss
    /// Of the class, of the box and of the mask.
    package var classWeight: Double
    package var boxWeight: Double
    package var maskWeight: Double

    /// - Parameters:
    ///   - overlap: from which on a region is of an object.
    ///   - keepsBest: whether the regions that overlap most with an object are of it.
    ///   - weight: of all three losses.
    package init(
        overlap: Double = 0.5, keepsBest: Bool = false, deviations: [Double] = [0.1, 0.1, 0.2, 0.2],
        boxLoss: BoxLoss = .encoded(beta: 0), weight: Double = 1, boxWeight: Double = 1
    ) {
        (self.overlap, self.keepsBest, self.deviations, self.boxLoss) = (overlap, keepsBest, deviations, boxLoss)
        (classWeight, self.boxWeight, maskWeight) = (weight, weight * boxWeight, weight)
    }
}
