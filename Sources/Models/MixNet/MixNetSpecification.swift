import Layers

/// Everything that decides a mixnet's shape: a small net of our own in which one key says how space is mixed, and all else
/// stays the same, so that what a convolution costs and brings can be seen by itself.
public struct MixNetSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "mixnet"
    /// As this program spells it.
    public static let title = "Mixnet"

    /// How space is mixed in every block.
    public var mixer: MixNetMixer
    /// Channels per stage.
    public var widths: [Int]
    /// Blocks per stage.
    public var depths: [Int]
    /// The stride of the stem's convolution, 1 or 2.
    public var stemStride: Int
    /// Hidden channels of a block's linear layers for each channel.
    public var expansion: Int
    /// The drop rate of the last block's branches; earlier blocks have proportionally less.
    public var dropPath: Double
    /// Of filters in the frequency plane, one for each stage; `nil` for those of the maps.
    public var filters: [FilterExtent]?
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// A stem of stride 1 and linear layers twice as wide as the maps, unless said otherwise.
    public init(
        mixer: MixNetMixer = .standard, widths: [Int], depths: [Int], stemStride: Int = 1, expansion: Int = 2,
        dropPath: Double = 0, filters: [FilterExtent]? = nil, classes: Int = 10, inputChannels: Int = 3
    ) {
        self.mixer = mixer
        self.widths = widths
        self.depths = depths
        self.stemStride = stemStride
        self.expansion = expansion
        self.dropPath = dropPath
        self.filters = filters
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// Sizes for images of 8 and of 32 pixels.
    public static let variants: [ModelVariant<MixNetSpecification>] = [
        ModelVariant("mixnet_digits", MixNetSpecification(widths: [32, 64], depths: [2, 2]), imageSize: 8),
        ModelVariant("mixnet_pico", MixNetSpecification(widths: [32, 64, 128], depths: [1, 2, 1])),
        ModelVariant("mixnet_nano", MixNetSpecification(widths: [48, 96, 192], depths: [2, 3, 2])),
    ]

    /// Widths are multiples of this, so that every mixer can have its groups, heads, blocks and halves.
    static let unit = 16
    static let expansions = 1...16

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkStages([
            ("widths", widths, ModelLimits.widths), ("depths", depths, ModelLimits.depths),
        ])
        guard widths.allSatisfy({ $0 % Self.unit == 0 }) else {
            throw ModelError("model.widths is \(widths), expected multiples of \(Self.unit)")
        }
        try checkNumber("stemStride", stemStride, in: 1...2)
        try checkNumber("expansion", expansion, in: Self.expansions)
        if let filters {
            guard filters.count == widths.count else {
                throw ModelError(
                    "model.filters has \(filters.count) sizes, expected one for each of the \(widths.count) stages")
            }
            for filter in filters { try filter.validate() }
        }
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
    }

    /// The map of each stage for an image size; throws, naming the stage, when nothing is left of it.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: depths.count) { stage, extent in
            stage == 0 ? (extent + stemStride - 1) / stemStride : extent / 2
        }
    }

    /// The same specification with the filters of an image size filled in, where the mixer has any.
    public func resolved(height: Int, width: Int) throws -> MixNetSpecification {
        try validate()
        let maps = try maps(height: height, width: width)
        var copy = self
        if mixer.hasFilter, filters == nil {
            copy.filters = maps.map { FilterExtent(rows: $0.height, columns: $0.width / 2 + 1) }
        }
        return copy
    }

    /// The stages' outputs.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        stageTaps(try maps(height: height, width: width), stride: { stemStride << $0 }, channels: { widths[$0] })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) throws -> any Backbone { try MixNet(scope, self) }

    /// Pool, norm, linear layer.
    public var classifier: ClassificationHead.Form { ClassificationHead.Form(norm: "norm") }

    /// Yes.
    public var normalizesMaps: Bool { true }

    /// That of CIFAR.
    public var usualImageSize: Int { 32 }

    /// That of the mixer's kernels.
    public var annealingEpochs: Double? { mixer.kernels?.settling }

    /// Names are `stem.0.weight`, `stages.1.downsample.1.weight` and `stages.1.blocks.0.mixer.weight`.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        return switch (words[0], words[2]) {
        case ("stem", _): .stem
        case ("stages", "downsample"): NameWords.entry(words.number(1))
        case ("stages", _): NameWords.block(words.number(1), words.number(3))
        default: nil
        }
    }
}
