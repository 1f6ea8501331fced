import Autograd
import Layers
import Tensors

/// The maps of a batch of images, on their way from the backbone through the neck to the head.
public struct Features<S: Scalar> {
    /// [N, height, width, channels], one for each tap, the finest first.
    public var maps: [Variable<S>]
    /// The class token [N, channels] that belongs to the last map, where the model has one.
    public var token: Variable<S>?
    /// What is shown at the taps in place of the maps: a neck's before their norms, where it has any.
    package var shown: [Variable<S>]?

    /// Maps, finest first, and the class token where there is one.
    public init(maps: [Variable<S>], token: Variable<S>? = nil) {
        self.maps = maps
        self.token = token
    }
}

/// The part of a model that looks at images: a struct of layers, made by its specification and called once per batch.
///
/// It serves images of any size, also of another than it was made for: what a `require` would stop must be refused by
/// `BackboneSpecification.taps(height:width:)` before.
public protocol Backbone: Sendable {
    /// The value that the backbone was made from.
    associatedtype Specification: BackboneSpecification

    /// What it was made from, with everything filled in that depends on the image size.
    var specification: Specification { get }

    /// The maps at the taps for images [N, H, W, C], and the class token where there is one.
    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S>

    /// The shape pass for one image [1, H, W, C]: enters its layers and returns the shapes of the maps at the taps.
    func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape]

    /// The path of the layer whose tokens [N, T, C], the class token first, stand for the last map where a classifier reads
    /// the class token alone, so that nothing of its answer depends on that map; `nil`, as by default, for all others.
    var tokenLayer: String? { get }
}

extension Backbone {
    /// `nil`.
    public var tokenLayer: String? { nil }
}
