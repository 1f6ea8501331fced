import Layers
import Tensors

/// Everything that decides an AFFNet's shape (Huang et al., arXiv 2307.14008).
public struct AFFNetSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "affnet"
    /// As the paper spells it.
    public static let title = "AFFNet"

    /// How the image is taken in.
    public enum Stem: String, Sendable, Hashable, Codable, CaseIterable {
        /// Halved by the first convolution and by the second stage.
        case large
        /// Halved by neither, for images of 32 pixels.
        case small
    }

    /// Channels of the five stages.
    public var widths: [Int]
    /// Blocks with a frequency filter in each of the last three stages.
    public var depths: [Int]
    /// Times the channels that an inverted residual between the stages widens to.
    public var expansion: Int
    /// How the image is taken in.
    public var stem: Stem
    /// The drop rate of the last block's path; earlier ones have proportionally less.
    public var dropPath: Double
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The large stem, unless said otherwise.
    public init(
        widths: [Int], depths: [Int] = [2, 4, 3], expansion: Int = 4, stem: Stem = .large, dropPath: Double = 0,
        classes: Int = 1000, inputChannels: Int = 3
    ) {
        self.widths = widths
        self.depths = depths
        self.expansion = expansion
        self.stem = stem
        self.dropPath = dropPath
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published models and our own small one for 32 pixels.
    public static let variants: [ModelVariant<AFFNetSpecification>] = [
        ModelVariant(
            "affnet_nano32",
            AFFNetSpecification(
                widths: [16, 32, 48, 64, 96], depths: [1, 2, 1], expansion: 2, stem: .small, classes: 10)),
        ModelVariant(
            "affnet_et", AFFNetSpecification(widths: [32, 48, 64, 104, 144], expansion: 2), imageSize: 256),
        ModelVariant("affnet_t", AFFNetSpecification(widths: [32, 48, 96, 160, 192]), imageSize: 256),
        ModelVariant("affnet_base", AFFNetSpecification(widths: [32, 64, 128, 256, 320]), imageSize: 256),
    ]

    /// Channels behind the first convolution.
    static let stemChannels = 16
    /// Blocks of channels that a frequency filter mixes by themselves.
    static let blocks = 8
    static let expansions = 1...16

    /// Channels behind the last convolution.
    var lastChannels: Int { min(4 * (widths.last ?? 0), 960) }

    /// Pixels of the image per element of a map, of the second stage and those behind it.
    private func stride(_ map: Int) -> Int { (stem == .large ? 4 : 1) << map }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        guard widths.count == 5, depths.count == 3 else {
            throw ModelError(
                "model.widths has \(widths.count) and model.depths \(depths.count) entries, expected 5 widths and the "
                    + "depths of the last 3 stages")
        }
        try checkStages([("widths", widths, ModelLimits.widths)])
        try checkStages([("depths", depths, ModelLimits.depths)])
        if let odd = widths.dropFirst(2).first(where: { $0 % Self.blocks != 0 }) {
            throw ModelError(
                "model.widths has \(odd) in a stage with frequency filters, expected a multiple of \(Self.blocks)")
        }
        try checkNumber("expansion", expansion, in: Self.expansions)
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
    }

    /// The maps of the last four stages for an image size; halves are rounded up, so something is always left.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: 4) { map, extent in
            func half(_ extent: Int) -> Int { (extent + 1) / 2 }
            return map > 0 ? half(extent) : stem == .large ? half(half(extent)) : extent
        }
    }

    /// The same specification, checked for an image size.
    public func resolved(height: Int, width: Int) throws -> AFFNetSpecification {
        try validate()
        _ = try maps(height: height, width: width)
        return self
    }

    /// The outputs of the last four stages, the last one widened.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        return stageTaps(
            try maps(height: height, width: width), stride: { self.stride($0) },
            channels: { $0 == 3 ? lastChannels : widths[$0 + 1] })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { AFFNet(scope, self) }

    /// Pool and linear layer.
    public var classifier: ClassificationHead.Form { ClassificationHead.Form(linear: "classifier.fc") }

    /// 32 pixels for the small stem, else 256.
    public var usualImageSize: Int { stem == .small ? 32 : 256 }

    /// Blocks with a frequency filter have numbers of their own; what leads to them has that of the first.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        if words[0] == "conv_1" { return .stem }
        guard let layer = words.number(after: "layer_") else { return nil }
        guard layer > 2 else { return .stem }
        guard words[1] == "1", words[2] == "global_rep" else { return .block(stage: layer - 3, index: 0) }
        return NameWords.block(layer - 3, words.number(3))
    }
}
