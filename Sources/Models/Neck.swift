import Autograd
import Configuration
import Layers
import Tensors

/// What stands between backbone and head and makes maps of maps, a feature pyramid say. A model without one hands the
/// backbone's maps to the head as they are.
public protocol Neck: Sendable {
    /// The taps of the neck's own maps, given those of the backbone; they follow the backbone's among the model's taps.
    func taps(_ backbone: [FeatureTap]) throws -> [FeatureTap]

    /// The neck's maps, finest first, for the backbone's; the class token is handed on or dropped.
    func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> Features<S>

    /// The shape pass for one image: enters its layers and returns the shapes of its maps.
    func trace(_ maps: [Shape], _ trace: ModelTrace) throws -> [Shape]
}

/// A neck as a value: what a weights file stores under `neck`.
public protocol NeckSpecification: Sendable, Hashable, Codable {
    /// What files call this kind of neck.
    static var name: String { get }

    /// The first of the backbone's maps that the neck reads, 0 by default: norms of finer ones would never be trained.
    var firstMap: Int { get }

    /// Reads the neck's keys from its section of a configuration; `nil`, as by default, for a neck that is made by
    /// programs alone.
    static func read(_ reader: ConfigurationReader) -> Self?

    /// Our name for a parameter of this neck that another library's checkpoint calls `name`; `nil` for a name that is
    /// none of the neck's, and for all by default.
    static func canonicalName(_ name: String) -> String?

    /// Declares the neck's parameters and makes it.
    /// - Parameters:
    ///   - scope: the root, since names of parameters are those of the library whose files are read.
    ///   - taps: what the backbone gives.
    /// - Throws: `ModelError` when it cannot work with these maps.
    func makeNeck(_ scope: Scope, taps: [FeatureTap]) throws -> any Neck
}

extension NeckSpecification {
    /// 0.
    public var firstMap: Int { 0 }

    /// `nil`.
    public static func read(_ reader: ConfigurationReader) -> Self? { nil }

    /// `nil`.
    public static func canonicalName(_ name: String) -> String? { nil }
}
