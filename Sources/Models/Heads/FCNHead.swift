import Autograd
import Configuration
import Layers
import Tensors

/// Everything that decides a fully convolutional head (Long et al., arXiv 1411.4038): layers over one of the maps and a
/// score for each of its pixels.
public struct FCNHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "fcn"

    /// How many classes it tells apart.
    public var classes: Int
    /// Of the layers before the last.
    public var channels: Int
    /// The layers before the last.
    public var convolutions: Int
    /// Which map it reads, counted from the finest, 0; from -1, the coarsest, downwards.
    public var map: Int
    /// The share of channels dropped before the last layer.
    public var dropout: Double
    /// What the layers before the last are.
    public var fusion: Fusion
    /// The stored size of a fusion's global filter.
    public var filter: FilterExtent

    /// One 3x3 convolution to 256 channels on the coarsest map, unless said otherwise.
    public init(
        classes: Int, channels: Int = 256, convolutions: Int = 1, map: Int = -1, dropout: Double = 0.1,
        fusion: Fusion = .conv, filter: FilterExtent = FilterExtent()
    ) {
        self.classes = classes
        self.channels = channels
        self.convolutions = convolutions
        self.map = map
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
        map = reader.int(
            "map", default: map, in: -8...7, "Which map it reads: 0, the finest, and up, or -1, the coarsest, and down")
        dropout = reader.double("dropout", default: dropout, in: 0...0.99, DenseKeys.dropout)
        fusion = reader.choice("fusion", default: fusion, Fusion.summary)
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> FCNHeadSpecification? {
        FCNHeadSpecification(reading: reader)
    }

    /// Those of `decode_head.conv_seg`.
    public var outputParameters: [String] { DenseNames.outputs(auxiliary: false) }

    /// Yes.
    public var usesNormalizedMaps: Bool { true }

    /// By mmsegmentation's names, which are ours, or transformers'.
    public static func canonicalName(_ name: String) -> String? { DenseNames.canonicalName(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkDenseHead(classes: classes, channels: channels, dropout: dropout)
        try checkNumber("head.convolutions", convolutions, in: 0...16)
        let index = map < 0 ? taps.count + map : map
        guard taps.indices.contains(index) else {
            throw ModelError(
                "model.head.map is \(map), expected \(-taps.count) to \(taps.count - 1) for \(taps.count) maps")
        }
        let layers = try FullyConvolutional(
            scope[DenseNames.head], inputs: taps[index].channels, channels: channels, classes: classes,
            convolutions: convolutions, dropout: dropout, fusion: fusion, filter: filter)
        return FCNHead(classes: classes, map: index, layers: layers)
    }
}

/// The layers of an FCN head. The answer is the logits at its map's resolution.
package struct FCNHead: Head {
    package let classes: Int
    let map: Int
    let layers: FullyConvolutional

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        [layers(features.maps[map], context)]
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        try trace.enter(DenseNames.head, "FCN head") { (try layers.trace(maps[map], trace), 0) }
    }
}

/// What the reference of the keys says about those that several dense heads have.
enum DenseKeys {
    static let channels = "Channels of the head's layers"
    static let dropout = "Share of channels dropped before the scores in training"
    static let auxiliary = "Whether the second coarsest map has an FCN head of its own in training"
    static let auxiliaryChannels = "Channels of the auxiliary head"
}
