import Configuration
import Layers

/// Everything that decides a UPerNet head (Xiao et al., arXiv 1807.10221): pyramid pooling over the coarsest map, a feature
/// pyramid, all its levels fused at the finest resolution; in training an FCN head on the second coarsest map as well.
public struct UPerNetHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "upernet"

    /// How many classes it tells apart.
    public var classes: Int
    /// Of the head's layers.
    public var channels: Int
    /// The sides of the pooled maps.
    public var poolScales: [Int]
    /// The share of channels dropped before the last layers.
    public var dropout: Double
    /// Whether there is an auxiliary head in training.
    public var auxiliary: Bool
    /// Of the auxiliary head.
    public var auxiliaryChannels: Int
    /// What fuses all levels at the end; with gnConv it is HorFPN.
    public var fusion: Fusion
    /// The stored size of a fusion's global filter.
    public var filter: FilterExtent

    /// mmsegmentation's head, unless said otherwise.
    public init(
        classes: Int, channels: Int = 512, poolScales: [Int] = [1, 2, 3, 6], dropout: Double = 0.1,
        auxiliary: Bool = true, auxiliaryChannels: Int = 256, fusion: Fusion = .conv,
        filter: FilterExtent = FilterExtent()
    ) {
        self.classes = classes
        self.channels = channels
        self.poolScales = poolScales
        self.dropout = dropout
        self.auxiliary = auxiliary
        self.auxiliaryChannels = auxiliaryChannels
        self.fusion = fusion
        self.filter = filter
    }

    /// Reads the head's keys.
    public init(reading reader: ConfigurationReader) {
        self.init(classes: 2)
        channels = reader.int("channels", default: channels, in: ModelLimits.widths, DenseKeys.channels)
        poolScales = reader.ints(
            "poolScales", default: poolScales, in: Self.scales, "Sides of the pooled copies of the coarsest map")
        dropout = reader.double("dropout", default: dropout, in: 0...0.99, DenseKeys.dropout)
        auxiliary = reader.bool("auxiliary", default: auxiliary, DenseKeys.auxiliary)
        auxiliaryChannels = reader.int(
            "auxiliaryChannels", default: auxiliaryChannels, in: ModelLimits.widths, DenseKeys.auxiliaryChannels)
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> UPerNetHeadSpecification? {
        UPerNetHeadSpecification(reading: reader)
    }

    private static let scales = 1...64

    /// Those of `decode_head.conv_seg` and of the auxiliary head's.
    public var outputParameters: [String] { DenseNames.outputs(auxiliary: auxiliary) }

    /// Yes.
    public var usesNormalizedMaps: Bool { true }

    /// By mmsegmentation's names, which are ours, or transformers'.
    public static func canonicalName(_ name: String) -> String? { DenseNames.canonicalName(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkDenseHead(classes: classes, channels: channels, dropout: dropout)
        try checkNumber("head.auxiliaryChannels", auxiliaryChannels, in: ModelLimits.widths)
        guard poolScales.count <= 8, poolScales.allSatisfy(Self.scales.contains) else {
            throw ModelError("model.head.poolScales is \(poolScales), expected at most 8 numbers from 1 to 64")
        }
        guard taps.count > 1 else { throw ModelError("the upernet head needs two maps at least, but there is one") }
        return try UPerNetHead(scope, self, inputs: taps.map(\.channels))
    }
}
