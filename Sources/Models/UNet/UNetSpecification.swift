// UNet: the encoder as a family of backbones, and what it shares with the decoder, which is the head `unet`.

import Configuration
import Layers

/// Everything that decides the encoder of a U-Net (Ronneberger et al., arXiv 1505.04597) in its padded form: pairs of 3x3
/// convolutions at the image's resolution and four times halved.
public struct UNetSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "unet"
    /// As the paper spells it.
    public static let title = "U-Net"

    /// Channels at the image's resolution; each halving doubles them.
    public var baseWidth: Int
    /// Whether the encoder is one for a decoder that enlarges maps by interpolation: its last width is then not doubled.
    public var bilinear: Bool
    /// How many classes a classification head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The paper's widths, unless said otherwise.
    public init(baseWidth: Int = 64, bilinear: Bool = false, classes: Int = 1000, inputChannels: Int = 3) {
        self.baseWidth = baseWidth
        self.bilinear = bilinear
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// What a configuration starts from that names the family alone: the paper's widths.
    public static let free = UNetSpecification()

    /// A small one; the paper's goes by the family's name.
    public static let variants = [ModelVariant("unet_small", UNetSpecification(baseWidth: 16))]

    /// Reads the keys of U-Net from the section `model`.
    public init(reading reader: ConfigurationReader, from start: UNetSpecification) {
        self = start
        baseWidth = reader.int(
            "baseWidth", default: baseWidth, in: ModelLimits.baseWidth,
            "Channels at the image's resolution; each of four halvings doubles")
        bilinear = reader.bool(
            "bilinear", default: bilinear,
            "Whether the decoder interpolates instead of convolving transposed; the last width is then not doubled")
        reader.report(validate)
    }

    /// How often the encoder halves its map.
    static let halvings = 4

    /// Channels of each map.
    package var widths: [Int] {
        (0...Self.halvings).map { level in
            baseWidth << (bilinear && level == Self.halvings ? level - 1 : level)
        }
    }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("baseWidth", baseWidth, in: ModelLimits.baseWidth)
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: 0)
    }

    /// The map before each halving and the last; halves are rounded down.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        let maps = try stageMaps(
            height: height, width: width, stages: Self.halvings + 1, remedy: "another model"
        ) { stage, extent in stage == 0 ? extent : extent / 2 }
        return stageTaps(maps, stride: { 1 << $0 }, channels: { widths[$0] })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { UNet(scope, self) }

    /// Pool and linear layer.
    public var classifier: ClassificationHead.Form { ClassificationHead.Form() }

    /// One for each halving.
    public var depths: [Int] { Array(repeating: 1, count: Self.halvings) }

    /// By our names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        if words[0] == "inc" { return .stem }
        return words.number(after: "down").map { .block(stage: $0 - 1, index: 0) }
    }
}
