import Autograd
import Datasets
import Layers
import Tensors

/// A model that a student learns from: it is shown the student's images and answers them.
package protocol TeachingModel: AnyObject {
    /// What it is called in tables and in the names of loss terms.
    var name: String { get }
    /// Where its features are read.
    var taps: [FeatureTap] { get }
    /// Time spent answering, so far.
    var seconds: Double { get }
    /// What it computes, as constants.
    /// - Parameters:
    ///   - batch: the images as the student's loader made them.
    ///   - images: the same as a tensor [N, H, W, C].
    ///   - motions: how each image moved from where it was decoded, where the task tells.
    ///   - answers: whether its answer is wanted beside its maps.
    func teach(_ batch: ImageBatch, _ images: Tensor<Float>, motions: [Motion]?, answers: Bool) -> Lesson
}

/// What a teacher computes for a batch: constants.
package struct Lesson {
    /// What its head says; nil where nobody asked, so that the head need not run.
    package var answer: [Variable<Float>]?
    /// Its maps at the taps.
    package var features: [Variable<Float>]

    /// - Parameter answer: what the head says, nil where it was not asked.
    package init(answer: [Variable<Float>]?, features: [Variable<Float>]) {
        (self.answer, self.features) = (answer, features)
    }
}
