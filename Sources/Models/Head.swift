import Autograd
import Configuration
import Layers
import Tensors

/// The part of a model that answers: from the maps of the neck or the backbone to what the task asks for.
public protocol Head: Sendable {
    /// How many classes it tells apart.
    var classes: Int { get }

    /// Checks the sizes of the maps that the head would be given, of which the model may be asked more than it was made
    /// for; by default any will do.
    /// - Throws: `ModelError` when it cannot work with them.
    func check(_ taps: [FeatureTap]) throws

    /// The answer for a batch. What its tensors mean is between the head and its task; a classifier gives one, the logits
    /// [N, classes].
    func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>]

    /// What the head has to say about regions that are chosen after its answer; `nil`, as by default, for nothing.
    func regions<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> (any RegionAnswers<S>)?

    /// The shape pass for one image: enters its layers.
    func trace(_ maps: [Shape], _ trace: ModelTrace) throws
}

extension Head {
    /// Any maps will do.
    public func check(_ taps: [FeatureTap]) throws {}

    /// `nil`.
    public func regions<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> (any RegionAnswers<S>)? { nil }
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

    /// Whether the head reads maps that are normalised over their channels, from a family that ends its stages without a
    /// norm (`BackboneSpecification.normalizesMaps`). No by default.
    var usesNormalizedMaps: Bool { get }

    /// Whether the coarsest of the backbone's maps is all that the head reads. No by default.
    var readsCoarsestMapAlone: Bool { get }

    /// How the backbone's batch norms work in training. By default they take each batch's statistics.
    var backboneNorm: BackboneNorm { get }

    /// Reads the head's keys from its section of a configuration, all but the number of classes; `nil`, as by default,
    /// for a head that is made by programs alone.
    static func read(_ reader: ConfigurationReader) -> Self?

    /// Our name for a parameter of this head that another library's checkpoint calls `name`; `nil` for a name that is
    /// none of the head's, and for all by default.
    static func canonicalName(_ name: String) -> String?

    /// Declares the head's parameters and makes it.
    /// - Parameters:
    ///   - scope: the root, since names of parameters are those of the library whose files are read.
    ///   - taps: the maps that it is given.
    /// - Throws: `ModelError` when it cannot work with these maps.
    func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head
}

extension HeadSpecification {
    /// No.
    public var usesNormalizedMaps: Bool { false }

    /// No.
    public var readsCoarsestMapAlone: Bool { false }

    /// Each batch's statistics.
    public var backboneNorm: BackboneNorm { .batch }

    /// `nil`.
    public static func read(_ reader: ConfigurationReader) -> Self? { nil }

    /// `nil`.
    public static func canonicalName(_ name: String) -> String? { nil }
}
