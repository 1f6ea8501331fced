import Autograd
import Layers
import Tensors

/// The part of a model that answers: from the maps of the neck or the backbone to what the task asks for.
public protocol Head: Sendable {
    /// How many classes it tells apart.
    var classes: Int { get }

    /// The answer for a batch. What its tensors mean is between the head and its task; a classifier gives one, the logits
    /// [N, classes].
    func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>]

    /// The shape pass for one image: enters its layers.
    func trace(_ maps: [Shape], _ trace: ModelTrace) throws
}

/// A head as a value: what a weights file stores under `head`. A model that names none is a classifier in its family's
/// form, see `ClassificationHead.Form`.
public protocol HeadSpecification: Sendable, Hashable, Codable {
    /// What files call this kind of head.
    static var name: String { get }

    /// How many classes it tells apart.
    var classes: Int { get set }

    /// The parameters whose size depends on the number of classes; drawn anew where a file has another number.
    var outputParameters: [String] { get }

    /// Declares the head's parameters and makes it.
    /// - Parameters:
    ///   - scope: the root, since names of parameters are those of the library whose files are read.
    ///   - taps: the maps that it is given.
    /// - Throws: `ModelError` when it cannot work with these maps.
    func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head
}
