import Layers

/// Everything that decides a ConvNeXt's shape (Liu et al., arXiv 2201.03545).
public struct ConvNeXtSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "convnext"
    /// As the paper spells it.
    public static let title = "ConvNeXt"

    /// Channels per stage.
    public var widths: [Int]
    /// Blocks per stage.
    public var depths: [Int]
    /// The kernel and stride of the stem: 4, 2 or 1.
    public var stemStride: Int
    /// The first value of the layer scales; 0 leaves them out.
    public var layerScale: Double
    /// The drop rate of the last block's branch; earlier blocks have proportionally less.
    public var dropPath: Double
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// A stem of stride 4 and layer scales, unless said otherwise.
    public init(
        widths: [Int], depths: [Int], stemStride: Int = 4, layerScale: Double = 1e-6, dropPath: Double = 0,
        classes: Int = 1000, inputChannels: Int = 3
    ) {
        self.widths = widths
        self.depths = depths
        self.stemStride = stemStride
        self.layerScale = layerScale
        self.dropPath = dropPath
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published models (Liu et al., arXiv 2201.03545) and our own small one for 32 pixels.
    public static let variants: [ModelVariant<ConvNeXtSpecification>] = [
        ModelVariant(
            "convnext_nano32",
            ConvNeXtSpecification(widths: [32, 64, 128, 256], depths: [2, 2, 6, 2], stemStride: 2, classes: 10)),
        ModelVariant("convnext_tiny", ConvNeXtSpecification(widths: [96, 192, 384, 768], depths: [3, 3, 9, 3])),
        ModelVariant("convnext_small", ConvNeXtSpecification(widths: [96, 192, 384, 768], depths: [3, 3, 27, 3])),
        ModelVariant("convnext_base", ConvNeXtSpecification(widths: [128, 256, 512, 1024], depths: [3, 3, 27, 3])),
    ]

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkStages([
            ("widths", widths, ModelLimits.widths), ("depths", depths, ModelLimits.depths),
        ])
        guard [1, 2, 4].contains(stemStride) else {
            throw ModelError("model.stemStride is \(stemStride), expected 1, 2 or 4")
        }
        try checkNumber("layerScale", layerScale, in: ModelLimits.layerScale)
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
    }

    /// The map of each stage for an image size; throws, naming the stage, when nothing is left of it.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: depths.count) { stage, extent in
            extent / (stage == 0 ? stemStride : 2)
        }
    }

    /// The same specification, checked for an image size.
    public func resolved(height: Int, width: Int) throws -> ConvNeXtSpecification {
        try validate()
        _ = try maps(height: height, width: width)
        return self
    }

    /// The stages' outputs.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        stageTaps(try maps(height: height, width: width), stride: { stemStride << $0 }, channels: { widths[$0] })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { ConvNeXt(scope, self) }

    /// Pool, norm, linear layer, the last two under timm's names.
    public var classifier: ClassificationHead.Form { ClassificationHead.Form(norm: "head.norm", linear: "head.fc") }

    /// Yes.
    public var normalizesMaps: Bool { true }

    /// 32 pixels for a small stem, else 224.
    public var usualImageSize: Int { stemStride < 4 ? 32 : 224 }

    /// By timm's names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        return switch (words[0], words[2]) {
        case ("stem", _): .stem
        case ("stages", "downsample"): NameWords.entry(words.number(1))
        case ("stages", _): NameWords.block(words.number(1), words.number(3))
        default: nil
        }
    }

    /// The depths of the larger models are numbered as their authors do: 1 to 12, in the third stage three blocks under
    /// one number.
    public var blockLayers: [[Int]] {
        depths == [3, 3, 27, 3] ? publishedBlockLayers(depths, together: 3) : consecutiveBlockLayers
    }
}
