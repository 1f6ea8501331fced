import Autograd
import Configuration
import Layers
import Tensors

/// Everything that decides a fully convolutional head (Long et al., arXiv 1411.4038): layers over one map and a score for
/// each of its pixels. The map is the coarsest, or all maps beside each other at the finest's resolution.
public struct FCNHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "fcn"

    /// Which maps it reads.
    public enum Maps: String, Sendable, Hashable, Codable, CaseIterable {
        /// All, resized to the finest and put beside each other.
        case all
        /// The coarsest alone, as the paper's plainest net; there can be no neck then.
        case coarsest
    }

    /// How many classes it tells apart.
    public var classes: Int
    /// Of the layers before the last.
    public var channels: Int
    /// The layers before the last.
    public var convolutions: Int
    /// Which maps it reads.
    public var maps: Maps
    /// The share of channels dropped before the last layer.
    public var dropout: Double
    /// What the layers before the last are.
    public var fusion: Fusion
    /// The stored size of a fusion's global filter.
    public var filter: FilterExtent

    /// One 3x3 convolution of all maps to 256 channels, unless said otherwise.
    public init(
        classes: Int, channels: Int = 256, convolutions: Int = 1, maps: Maps = .all, dropout: Double = 0.1,
        fusion: Fusion = .conv, filter: FilterExtent = FilterExtent()
    ) {
        self.classes = classes
        self.channels = channels
        self.convolutions = convolutions
        self.maps = maps
        self.dropout = dropout
        self.fusion = fusion
        self.filter = filter
    }

    /// Reads the head's keys.
    public init(reading reader: ConfigurationReader) {
        self.init(classes: 2)
        channels = reader.int("channels", default: channels, in: ModelLimits.widths, DenseKeys.channels)
        convolutions = reader.int(
            "convolutions", default: convolutions, in: 0...16, "Layers before the one that gives the scores")
        maps = reader.choice(
            "maps", default: maps, "Which maps it reads: all, at the finest's resolution, or the coarsest alone")
        dropout = reader.double("dropout", default: dropout, in: 0...0.99, DenseKeys.dropout)
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> FCNHeadSpecification? {
        FCNHeadSpecification(reading: reader)
    }

    /// Those of `decode_head.conv_seg`.
    public var outputParameters: [String] { DenseNames.outputs(auxiliary: false) }

    /// Yes.
    public var usesNormalizedMaps: Bool { true }

    /// By `maps`.
    public var readsCoarsestMapAlone: Bool { maps == .coarsest }

    /// By mmsegmentation's names, which are ours, or transformers'.
    public static func canonicalName(_ name: String) -> String? { DenseNames.canonicalName(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkDenseHead(classes: classes, channels: channels, dropout: dropout)
        try checkNumber("head.convolutions", convolutions, in: 0...16)
        guard let last = taps.last else { throw ModelError("the fcn head needs a map at least") }
        let inputs = maps == .all ? taps.reduce(0) { $0 + $1.channels } : last.channels
        let layers = try FullyConvolutional(
            scope[DenseNames.head], inputs: inputs, channels: channels, classes: classes, convolutions: convolutions,
            dropout: dropout, fusion: fusion, filter: filter)
        return FCNHead(classes: classes, maps: maps, layers: layers)
    }
}

/// The layers of an FCN head. The answer is the logits at the resolution of what it reads.
package struct FCNHead: Head {
    package let classes: Int
    let maps: FCNHeadSpecification.Maps
    let layers: FullyConvolutional

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let read = features.maps
        if maps == .coarsest || read.count == 1 { return [layers(read[read.count - 1], context)] }
        let stacked = LayerPath.$current.withValue(DenseNames.head) {
            Variable.concatenated(read.map { $0.resized(like: read[0]) })
        }
        return [layers(stacked, context)]
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        let read =
            self.maps == .coarsest
            ? maps[maps.count - 1] : maps[0].replacing(axis: -1, with: maps.reduce(0) { $0 + $1.columns })
        try trace.enter(DenseNames.head, "FCN head") { (try layers.trace(read, trace), 0) }
    }
}

/// What the reference of the keys says about those that several dense heads have.
enum DenseKeys {
    static let channels = "Channels of the head's layers"
    static let dropout = "Share of channels dropped before the scores in training"
    static let auxiliary = "Whether the second coarsest map has an FCN head of its own in training"
    static let auxiliaryChannels = "Channels of the auxiliary head"
}
