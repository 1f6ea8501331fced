// SegNetr: the encoder as a family of backbones, and the block that it shares with the decoder, the head `segnetr`.

import Configuration
import Layers

/// Everything that decides the encoder of a SegNetr (Cheng et al., arXiv 2307.02953): an inverted residual at the image's
/// resolution, four stages at halved ones, and an inverted residual at the end. There is no public code; what the paper
/// leaves open is chosen here and in `SegNetrBlock`.
public struct SegNetrSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "segnetr"
    /// As the paper spells it.
    public static let title = "SegNetr"

    /// Channels of the first stage, at half the image's resolution; half as many before it, and each stage doubles them.
    public var baseWidth: Int
    /// Whether blocks have the branch of displaced windows.
    public var globalBranch: Bool
    /// How many classes a classification head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The larger of the paper's two models, unless said otherwise.
    public init(baseWidth: Int = 64, globalBranch: Bool = true, classes: Int = 1000, inputChannels: Int = 3) {
        self.baseWidth = baseWidth
        self.globalBranch = globalBranch
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// What a configuration starts from that names the family alone: the larger of the paper's two models.
    public static let free = SegNetrSpecification()

    /// The smaller of the paper's two models; the larger goes by the family's name.
    public static let variants = [ModelVariant("segnetr_small", SegNetrSpecification(baseWidth: 32))]

    /// Reads the keys of SegNetr from the section `model`.
    public init(reading reader: ConfigurationReader, from start: SegNetrSpecification) {
        self = start
        baseWidth = reader.int(
            "baseWidth", default: baseWidth, in: ModelLimits.baseWidth,
            "Channels of the first stage, a multiple of 4; each stage doubles")
        globalBranch = reader.bool(
            "globalBranch", default: globalBranch, "Whether blocks weigh displaced windows as well as local ones")
        reader.report(validate)
    }

    /// The side of the local windows at a stride.
    static func patch(stride: Int) -> Int { stride > 1 ? max(1, 16 / stride) : 8 }

    /// What both sides of an image must be multiples of: two windows of every stage.
    package static let step = 32

    /// Channels of each map but the last, which has twice those of the last stage.
    package var widths: [Int] { (0...4).map { (baseWidth / 2) << $0 } }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("baseWidth", baseWidth, in: ModelLimits.baseWidth)
        guard baseWidth % 4 == 0 else {
            throw ModelError("model.baseWidth is \(baseWidth), expected a multiple of 4 for SegNetr")
        }
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: 0)
    }

    /// The maps at the image's resolution and the four halved ones.
    /// - Throws: `ModelError` for images that windows do not fill.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        guard height > 0, width > 0, height % Self.step == 0, width % Self.step == 0 else {
            func near(_ extent: Int) -> Int { max(Self.step, (extent + Self.step / 2) / Self.step * Self.step) }
            throw ModelError(
                "SegNetr takes images whose sides are multiples of \(Self.step), but they are \(height)x\(width); "
                    + "\(near(height))x\(near(width)) is near")
        }
        let maps = (0...4).map { MapSize(height: height >> $0, width: width >> $0) }
        return stageTaps(maps, stride: { 1 << $0 }, channels: { $0 == 4 ? 2 * widths[4] : widths[$0] })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { SegNetr(scope, self) }

    /// Pool and linear layer.
    public var classifier: ClassificationHead.Form { ClassificationHead.Form() }

    /// A block in each stage, and what follows the last.
    public var depths: [Int] { [1, 1, 1, 1, 1] }

    /// By our names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        return switch (words[0], words[2]) {
        case ("stem", _): .stem
        case ("stages", "merge"): NameWords.entry(words.number(1))
        case ("stages", _): NameWords.block(words.number(1), 0)
        case ("bottleneck", _): .block(stage: 4, index: 0)
        default: nil
        }
    }
}
