import Autograd
import Datasets
import Layers
import Models
import Tensors

/// The rules of one kind of detector: what its answer costs, and which objects it means. They are a value without state,
/// made of the head's specification and the task's keys, and generic over the element type, so that a check may ask them in
/// double precision.
///
/// An answer is that of the head to a padded batch. Everything is computed image by image but for the divisors of the
/// losses; geometry is in Double, whatever the answer is in.
///
/// Both functions walk over many single numbers, and a task asks them through an existential, where the compiler cannot know
/// the element type: conforming types mark them `@specialized(where S == Float)`.
package protocol DetectorRules: Sendable {
    /// The loss of a batch. Rules that take the output (`consuming`) have its memory for gradients where nobody else looks at it.
    /// - Parameters:
    ///   - output: the model's, for images of `targets.size`; `output.regions` for two-stage detectors.
    ///   - targets: as many as there are images.
    func loss<S: Scalar>(
        _ output: consuming ModelOutput<S>, _ targets: InstanceTargets, _ context: DetectionContext
    ) -> DetectorLoss<S>

    /// The objects that an answer means, those of each image by falling score, in pixels of the input.
    /// - Parameters:
    ///   - size: of the input, padding included.
    ///   - visible: the part of it that each image takes, at the upper left; boxes are clipped to it.
    func detections<S: Scalar>(
        _ output: ModelOutput<S>, size: Pair, visible: [Pair], _ limits: DetectionLimits
    ) -> [[DetectedObject]]

    /// What the loss of these targets is divided by, where one number that is known before any answer divides all of it;
    /// nil, as by default, where the loss is a mean over the images or where its parts are divided by numbers of their own.
    func divisor(_ targets: InstanceTargets) -> Double?

    /// Whether detections have masks.
    var answersMasks: Bool { get }
}

extension DetectorRules {
    /// nil.
    package func divisor(_ targets: InstanceTargets) -> Double? { nil }
    /// No.
    package var answersMasks: Bool { false }
}

/// What a loss must know beside answer and targets.
package struct DetectionContext: Sendable {
    /// The stream of this update, which samples are drawn of: `key.derived("proposals", first + image, stage)`.
    package var key: RandomKey
    /// The position of the first image in its batch, where a part of a batch is computed.
    package var first: Int

    /// - Parameters:
    ///   - key: of the run's seed and the update.
    ///   - first: the position of the first image in its batch.
    package init(key: RandomKey = RandomKey(seed: 0, purpose: "detection"), first: Int = 0) {
        (self.key, self.first) = (key, first)
    }
}

/// The loss of a batch in its parts.
package struct DetectorLoss<S: Scalar> {
    /// One part: of classes, of boxes, of masks.
    package struct Term {
        /// What the log calls it: `class`, `box`, `objectness`, `proposals`, `mask`; `class.1` for a second stage.
        package let name: String
        /// Times its weight, []; several where the rules tell of each level by itself. Their sum is what is minimised.
        package let values: [Variable<S>]
        /// What the values were multiplied with.
        package let weight: Double

        /// - Parameter values: times the weight, each [].
        package init(_ name: String, _ values: [Variable<S>], weight: Double = 1) {
            (self.name, self.values, self.weight) = (name, values, weight)
        }
    }

    /// In the order of the log.
    package var terms: [Term]

    /// - Parameter terms: in the order of the log, one at least.
    package init(_ terms: [Term]) { self.terms = terms }
}

/// Which candidates become objects.
package struct DetectionLimits: Sendable, Equatable {
    /// Candidates of a lower score, or of this one, are no objects.
    package var score = 0.05
    /// How many candidates of each level are looked at.
    package var perLevel = 1000
    /// Of two objects of one class that overlap by more than this the surer one stays.
    package var overlap = 0.5
    /// How many objects an image has at most.
    package var most = 100

    /// mmdetection's.
    package init() {}
}

/// An object that a detector found.
package struct DetectedObject: Sendable, Equatable {
    /// Where it is, in pixels of the input (of the image once it was moved back).
    package var box: Box
    /// What it is, an index into the classes.
    package var classIndex: Int
    /// How sure the detector is, 0...1.
    package var score: Double
    /// What of the box it covers; nil for a detector that says nothing about it.
    package var mask: MaskPatch?

    package init(box: Box, classIndex: Int, score: Double, mask: MaskPatch? = nil) {
        (self.box, self.classIndex, self.score, self.mask) = (box, classIndex, score, mask)
    }
}

/// How probably each cell of a box belongs to the object in it: what a mask head says, before it is pasted into an image.
package struct MaskPatch: Sendable, Equatable {
    /// Cells in a row and in a column.
    package let side: Int
    /// [side, side], 0...1.
    package let values: [Double]

    /// - Parameter values: [side, side], row by row.
    package init(side: Int, values: [Double]) { (self.side, self.values) = (side, values) }
}
