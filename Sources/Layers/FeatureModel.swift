import Autograd
import Tensors

/// A place in a model whose activation other code may read: a stage's output, say.
public struct FeatureTap: Sendable, Hashable, Codable {
    /// What `pairs` and reports call it, "stage2".
    public let name: String
    /// Input pixels per element of the map.
    public let stride: Int
    /// The map's channels.
    public let channels: Int
    /// The map's height for images of the size that was asked about.
    public let height: Int
    /// The map's width, likewise.
    public let width: Int

    /// A tap; sizes are positive.
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
    /// What the head says. A classifier says one thing, the logits [N, classes]; what the tensors of other heads mean is
    /// between them and their task.
    public let answer: [Variable<S>]
    /// The activation at each tap, [N, height, width, channels].
    public let features: [Variable<S>]
    /// What the head says about regions of the images that are chosen after its first answer; `nil` for a head that has no
    /// more to say.
    public let regions: (any RegionAnswers<S>)?

    /// The answer of any head and the maps at the taps. An answer has a tensor at least.
    public init(answer: [Variable<S>], features: [Variable<S>], regions: (any RegionAnswers<S>)? = nil) {
        require(!answer.isEmpty, "ModelOutput", [], "an answer needs a tensor at least")
        self.answer = answer
        self.features = features
        self.regions = regions
    }

    /// A classifier's output.
    public init(logits: Variable<S>, features: [Variable<S>]) { self.init(answer: [logits], features: features) }

    /// The first tensor of the answer: a classifier's logits [N, classes].
    public var logits: Variable<S> { answer[0] }
}

/// What a head says about regions of the images that are chosen after its first answer, the second stage of two-stage
/// detectors. It holds the maps of one forward pass, and what it computes is recorded on that pass's tape.
///
/// Regions are rows [row of the batch, left, top, right, bottom] of a tensor [R, 5], boxes in pixels of the model's input;
/// R may be 0. No gradient flows to them.
public protocol RegionAnswers<S> {
    /// The precision.
    associatedtype S: Scalar

    /// How many times boxes are refined, one stage after the other: 1 but for a cascade.
    var stages: Int { get }

    /// The scores of the classes [R, K + 1], logits, and how each region's box moves, [R, 4] or [R, 4 * classes], encoded.
    /// Where among the columns the background stands, and whether boxes have columns for it, is the head's style.
    func boxes(_ regions: Tensor<S>, stage: Int) -> (classes: Variable<S>, deltas: Variable<S>)

    /// The logits of each class's mask [R, 28, 28, K], or K + 1 with the background first, by the head's style; `nil` for a
    /// head without masks.
    func masks(_ regions: Tensor<S>, stage: Int) -> Variable<S>?

    /// Of these logits one column for each region, [R, 28, 28, 1]: those of its own class. The others need not be computed;
    /// by default they are.
    /// - Parameter columns: told how many columns there are, it gives that of each region.
    func masks(_ regions: Tensor<S>, stage: Int, columns: (_ count: Int) -> [Int32]) -> Variable<S>?
}

extension RegionAnswers {
    /// Taken out of all columns.
    public func masks(_ regions: Tensor<S>, stage: Int, columns: (_ count: Int) -> [Int32]) -> Variable<S>? {
        guard let all = masks(regions, stage: stage) else { return nil }
        let (count, cells) = (all.shape.columns, all.shape[1] * all.shape[2])
        let places = columns(count).enumerated().flatMap { region, column in
            (0..<cells).map { Int32((region * cells + $0) * count) + column }
        }
        return all.reshaped([all.shape.elementCount, 1]).rows(places)
            .reshaped(all.shape.replacing(axis: -1, with: 1))
    }
}

/// A model that answers and also shows its maps; everything that trains, distils or measures a model uses this.
public protocol FeatureModel: Sendable {
    /// What the model declares; the values lie in a `ParameterStore`.
    var parameters: ParameterList { get }

    /// How many classes the answer tells apart: a classifier's outputs.
    var classes: Int { get }

    /// The taps for images of a size, in the order of `ModelOutput.features`; exact for every size.
    /// - Throws: `ModelError` when the model takes no images of this size.
    func taps(height: Int, width: Int) throws -> [FeatureTap]

    /// The answer and the maps for images [N, H, W, C] of a size that `taps` accepts.
    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S>

    /// The answer alone, the same values as with the maps, which are left out. What nobody reads any more need not be kept
    /// until the end; by default it is.
    func answer<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S>

    /// The maps at the taps alone, the same values as with the answer; what stands behind them need not be computed. By
    /// default all of it is.
    func features<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> [Variable<S>]

    /// What evaluation says of images [N, H, W, C], bit for bit, for those who do not ask for the maps: a model may find it in
    /// another way. By default it is the answer alone.
    func answer<S: Scalar>(_ images: Tensor<S>, _ store: ParameterStore<S>) -> ModelOutput<S>

    /// The shape pass for one image [1, H, W, C].
    /// - Throws: `ModelError` that names the layer which cannot take what it is given.
    func trace(height: Int, width: Int) throws -> ModelTrace.Node
}

extension FeatureModel {
    /// All of it but the maps.
    public func answer<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        let output = self(images, context)
        return ModelOutput(answer: output.answer, features: [], regions: output.regions)
    }

    /// Those of the whole answer.
    public func features<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> [Variable<S>] {
        self(images, context).features
    }

    /// The answer alone.
    public func answer<S: Scalar>(_ images: Tensor<S>, _ store: ParameterStore<S>) -> ModelOutput<S> {
        answer(Variable(images), .evaluation(store))
    }
}
