import Autograd
import Tensors

/// A place in a model whose activation other code may read: a stage's output.
public struct FeatureTap: Sendable, Hashable, Codable {
    public let name: String
    /// Input pixels per element of the map.
    public let stride: Int
    public let channels: Int
    public let height: Int
    public let width: Int

    public init(name: String, stride: Int, channels: Int, height: Int, width: Int) {
        self.name = name
        self.stride = stride
        self.channels = channels
        self.height = height
        self.width = width
    }
}

/// What a model computes for a batch of images [N, H, W, C].
public struct ModelOutput<S: Scalar> {
    /// [N, classes].
    public let logits: Variable<S>
    /// The activation at each tap, [N, height, width, channels].
    public let features: [Variable<S>]

    public init(logits: Variable<S>, features: [Variable<S>]) {
        self.logits = logits
        self.features = features
    }
}

/// A classifier that also shows its stage outputs; everything that trains, distils or measures a model uses this.
public protocol FeatureModel: Sendable {
    var parameters: ParameterList { get }
    var classes: Int { get }
    /// The taps for images of a size.
    func taps(height: Int, width: Int) throws -> [FeatureTap]
    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S>
    /// The shape pass for one image [1, H, W, C].
    func trace(height: Int, width: Int) throws -> ModelTrace.Node
}
