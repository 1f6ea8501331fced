import Configuration
import Layers

/// Everything that decides a U-Net's decoder (Ronneberger et al., arXiv 1505.04597), from the maps of a U-Net's encoder or
/// of any other backbone: from the coarsest map on, each is enlarged, put beside the next finer one and convolved twice.
public struct UNetHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "unet"

    /// How many classes it tells apart.
    public var classes: Int
    /// Whether maps are enlarged by interpolation, with aligned corners, instead of a transposed convolution.
    public var bilinear: Bool

    /// The paper's decoder, unless said otherwise.
    public init(classes: Int, bilinear: Bool = false) {
        self.classes = classes
        self.bilinear = bilinear
    }

    /// Reads the head's keys.
    public init(reading reader: ConfigurationReader) {
        self.init(classes: 2)
        bilinear = reader.bool(
            "bilinear", default: bilinear, "Whether maps are enlarged by interpolation, not by transposed convolutions")
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> UNetHeadSpecification? {
        UNetHeadSpecification(reading: reader)
    }

    /// Those of `outc`.
    public var outputParameters: [String] { ["weight", "bias"].map { UNetHead.output + ".conv." + $0 } }

    /// Yes.
    public var usesNormalizedMaps: Bool { true }

    /// By milesial's names, which are ours.
    public static func canonicalName(_ name: String) -> String? {
        let plain = name.withoutPrefixes(["module."])
        let words = NameWords(plain)
        return words[0] == UNetHead.output || words.number(after: "up") != nil ? plain : nil
    }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkNumber("classes", classes, in: ModelLimits.classes)
        guard taps.count > 1 else { throw ModelError("the unet head needs two maps at least, but there is one") }
        return UNetHead(scope, self, channels: taps.map(\.channels))
    }
}
