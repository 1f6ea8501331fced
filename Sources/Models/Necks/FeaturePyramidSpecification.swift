// Necks: what makes maps of the backbone's maps, one file or two for each.

import Configuration
import Layers

/// Everything that decides a feature pyramid (Lin et al., arXiv 1612.03144), as mmsegmentation builds it; with a `fusion`
/// by gnConv it is HorFPN (Rao et al., arXiv 2207.14284, section 3.4).
public struct FeaturePyramidSpecification: NeckSpecification {
    /// In configurations and files.
    public static let name = "fpn"

    /// Of each of its maps.
    public var channels: Int
    /// What makes an output of the sum at its level.
    public var fusion: Fusion
    /// The stored size of a fusion's global filter.
    public var filter: FilterExtent
    /// Further maps, each every second pixel of the one before; none for segmentation.
    public var extraLevels: Int

    /// 256 channels, 3x3 convolutions and one output per map of the backbone, unless said otherwise.
    public init(
        channels: Int = 256, fusion: Fusion = .conv, filter: FilterExtent = FilterExtent(), extraLevels: Int = 0
    ) {
        self.channels = channels
        self.fusion = fusion
        self.filter = filter
        self.extraLevels = extraLevels
    }

    /// Reads the neck's keys.
    public init(reading reader: ConfigurationReader) {
        self.init()
        channels = reader.int(
            "channels", default: channels, in: ModelLimits.widths,
            "Channels of each of the pyramid's maps, which semanticFPN stands on")
    }

    /// Reads the neck's keys.
    public static func read(_ reader: ConfigurationReader) -> FeaturePyramidSpecification? {
        FeaturePyramidSpecification(reading: reader)
    }

    /// By mmsegmentation's names, which are ours, or torchvision's.
    public static func canonicalName(_ name: String) -> String? {
        let plain = name.withoutPrefixes(["module."])
        if plain.hasPrefix(FeaturePyramid.path + ".") { return plain }
        let words = plain.withoutPrefixes(["backbone."]).split(separator: ".").map(String.init)
        guard words.count == 5, words[0] == "fpn", words[3] == "0" else { return nil }
        return switch words[1] {
        case "inner_blocks": "\(FeaturePyramid.path).lateral_convs.\(words[2]).conv.\(words[4])"
        case "layer_blocks": "\(FeaturePyramid.path).fpn_convs.\(words[2]).conv.\(words[4])"
        default: nil
        }
    }

    /// Declares and makes the layers.
    public func makeNeck(_ scope: Scope, taps: [FeatureTap]) throws -> any Neck {
        try checkNumber("neck.channels", channels, in: ModelLimits.widths)
        try checkNumber("neck.extraLevels", extraLevels, in: 0...8)
        return try FeaturePyramid(scope[FeaturePyramid.path], self, inputs: taps.map(\.channels))
    }
}
