import Configuration
import Detection

extension FeaturePyramidSpecification {
    /// Reads the neck's keys as segmentation has them.
    public init(reading reader: ConfigurationReader) {
        self.init()
        channels = reader.int(
            "channels", default: channels, in: ModelLimits.widths,
            "Channels of each of the pyramid's maps, which semanticFPN stands on")
    }

    /// Reads the neck's keys as detectors have them.
    /// - Parameter usual: the pyramid that the head usually stands on.
    public init(reading reader: ConfigurationReader, usual: FeaturePyramidSpecification) {
        self = usual
        channels = reader.int(
            "channels", default: channels, in: ModelLimits.widths, "Channels of each of the pyramid's maps")
        fusion = reader.choice("fusion", default: fusion, Fusion.summary + "; of the pyramid's outputs")
        upward = reader.bool("upward", default: upward, "PAFPN's way back from the finest level to the coarsest")
        groups = reader.int(
            "groups", default: groups, in: 0...ModelLimits.widths.upperBound,
            "Groups of a group norm behind each convolution; 0 for none")
        firstStage = reader.int(
            "firstStage", default: firstStage, in: 0...7,
            "The first of the backbone's maps that is read; usually 1 (stride 8) for one-stage detectors, 0 for others")
        extraLevels = reader.int(
            "extraLevels", default: extraLevels, in: Self.levels, "Levels beyond the backbone's coarsest map")
        extra = reader.choice(
            "extra", default: extra,
            "What these are made of: pool (every second pixel), or convolutions of stride 2, the first of the backbone's "
                + "map (c5), the coarsest sum (lateral) or output (p5)")
        reluBeforeExtra = reader.bool(
            "reluBeforeExtra", default: reluBeforeExtra, "Relu before each of these convolutions but the first")
        if groups > 0, fusion != .conv {
            reader.problem("groups", "found \(groups), but gnConv has no norm behind it, expected 0 or fusion: conv")
        }
    }

    /// Reads the neck's keys.
    public static func read(_ reader: ConfigurationReader) -> FeaturePyramidSpecification? {
        FeaturePyramidSpecification(reading: reader)
    }
}

// Keys that segmentation has no use for are written where they say something alone, so that files of segmenters stay as
// they are and old ones can be read.
extension FeaturePyramidSpecification: Codable {
    private enum CodingKeys: String, CodingKey {
        case channels, fusion, filter, extraLevels, extra, reluBeforeExtra, firstStage, groups, upward, style
    }

    /// Reads a pyramid; what is absent is as in `init`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<T: Decodable>(_ key: CodingKeys, _ absent: T) throws -> T {
            try container.decodeIfPresent(T.self, forKey: key) ?? absent
        }
        self.init(
            channels: try container.decode(Int.self, forKey: .channels),
            fusion: try container.decode(Fusion.self, forKey: .fusion),
            filter: try container.decode(FilterExtent.self, forKey: .filter),
            extraLevels: try container.decode(Int.self, forKey: .extraLevels),
            extra: try value(.extra, .pool), reluBeforeExtra: try value(.reluBeforeExtra, false),
            firstStage: try value(.firstStage, 0), groups: try value(.groups, 0), upward: try value(.upward, false),
            style: try value(.style, .mmdetection))
    }

    /// Writes the pyramid.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(channels, forKey: .channels)
        try container.encode(fusion, forKey: .fusion)
        try container.encode(filter, forKey: .filter)
        try container.encode(extraLevels, forKey: .extraLevels)
        if extra != .pool { try container.encode(extra, forKey: .extra) }
        if reluBeforeExtra { try container.encode(reluBeforeExtra, forKey: .reluBeforeExtra) }
        if firstStage != 0 { try container.encode(firstStage, forKey: .firstStage) }
        if groups != 0 { try container.encode(groups, forKey: .groups) }
        if upward { try container.encode(upward, forKey: .upward) }
        if style != .mmdetection { try container.encode(style, forKey: .style) }
    }
}

extension FeaturePyramidSpecification {
    /// By mmsegmentation's and mmdetection's names, which are ours, or torchvision's, whose further levels stand behind the
    /// three of a one-stage detector.
    public static func canonicalName(_ name: String) -> String? {
        let plain = name.withoutPrefixes(["module."])
        if plain.hasPrefix(FeaturePyramid.path + ".") { return plain }
        let words = plain.withoutPrefixes(["backbone."]).split(separator: ".").map(String.init)
        guard words.first == "fpn" else { return nil }
        if words.count == 4, words[1] == "extra_blocks" {
            let levels = ["p6": 3, "p7": 4]
            return levels[words[2]].map { "\(FeaturePyramid.path).fpn_convs.\($0).conv.\(words[3])" }
        }
        guard words.count == 5, words[3] == "0" else { return nil }
        return switch words[1] {
        case "inner_blocks": "\(FeaturePyramid.path).lateral_convs.\(words[2]).conv.\(words[4])"
        case "layer_blocks": "\(FeaturePyramid.path).fpn_convs.\(words[2]).conv.\(words[4])"
        default: nil
        }
    }
}
