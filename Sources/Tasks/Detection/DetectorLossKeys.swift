/// The keys of `loss` that rules of detectors share; nil takes what the head's style says.
package struct DetectorLossKeys: Sendable, Equatable {
    /// How far a box is from where it should be.
    package enum Kind: String, CaseIterable, Sendable {
        case l1, smoothL1, iou, giou, diou, ciou
    }

    /// What is done about groups of objects that are not told apart.
    package enum Crowd: String, CaseIterable, Sendable {
        /// They are background like everything else.
        case drop
        /// Anchors of which more than half lies in one count for nothing.
        case ignore
    }

    /// The loss of boxes.
    package var box: Kind?
    /// Where smooth L1 goes over into L1.
    package var beta: Double?
    /// Of the class and of the box beside each other.
    package var classWeight = 1.0
    package var boxWeight = 1.0
    /// Of the focal loss.
    package var alpha = 0.25
    package var gamma = 2.0
    /// Overlaps from which on an anchor is an object, and below which it is none; those between count for nothing.
    package var high: Double?
    package var low: Double?
    package var crowd = Crowd.drop
    /// How many candidates of a second stage are sampled of each image; `Int.max` for all.
    package var sampled = 512

    package init() {}
}
