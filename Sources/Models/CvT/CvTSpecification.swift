import Layers
import Tensors

/// Everything that decides a CvT's shape (Wu et al., arXiv 2103.15808).
public struct CvTSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "cvt"
    /// As the paper spells it.
    public static let title = "CvT"

    /// The function in the blocks' feed-forward parts.
    public enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
        /// x sigmoid(1.702 x), as published.
        case quickGELU
        /// The exact function.
        case gelu
    }

    /// Channels per stage.
    public var widths: [Int]
    /// Heads of attention per stage.
    public var heads: [Int]
    /// Blocks per stage.
    public var depths: [Int]
    /// The kernel of each stage's token embedding.
    public var embedKernels: [Int]
    /// The stride of each stage's token embedding.
    public var embedStrides: [Int]
    /// The stride of the convolutions before keys and values.
    public var keyStride: Int
    /// Whether the last stage has a class token, which the head then reads instead of the mean of all tokens.
    public var classToken: Bool
    /// The function in the blocks' feed-forward parts.
    public var activation: Activation
    /// The drop rate of the last stage's last branches; its earlier blocks have proportionally less, other stages none.
    public var dropPath: Double
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The published kernels, strides and activation, unless said otherwise.
    public init(
        widths: [Int], heads: [Int], depths: [Int], embedKernels: [Int] = [7, 3, 3], embedStrides: [Int] = [4, 2, 2],
        keyStride: Int = 2, classToken: Bool = true, activation: Activation = .quickGELU, dropPath: Double = 0,
        classes: Int = 1000, inputChannels: Int = 3
    ) {
        self.widths = widths
        self.heads = heads
        self.depths = depths
        self.embedKernels = embedKernels
        self.embedStrides = embedStrides
        self.keyStride = keyStride
        self.classToken = classToken
        self.activation = activation
        self.dropPath = dropPath
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published models (Wu et al., arXiv 2103.15808) and our own small one for 32 pixels.
    public static let variants: [ModelVariant<CvTSpecification>] = [
        ModelVariant(
            "cvt_nano32",
            CvTSpecification(
                widths: [64, 128, 256], heads: [1, 2, 4], depths: [1, 2, 4], embedKernels: [3, 3, 3],
                embedStrides: [2, 2, 2], classes: 10)),
        ModelVariant("cvt_13", CvTSpecification(widths: [64, 192, 384], heads: [1, 3, 6], depths: [1, 2, 10])),
        ModelVariant("cvt_21", CvTSpecification(widths: [64, 192, 384], heads: [1, 3, 6], depths: [1, 4, 16])),
        ModelVariant(
            "cvt_w24", CvTSpecification(widths: [192, 768, 1024], heads: [3, 12, 16], depths: [2, 2, 20]),
            imageSize: 384),
    ]

    /// Pixels of the image per element of stage i's map.
    public func stride(_ stage: Int) -> Int { embedStrides[...stage].reduce(1, *) }

    /// The padding of stage i's embedding, as published for every kernel and stride.
    package func padding(_ stage: Int) -> Int { max(0, (embedKernels[stage] - embedStrides[stage] + 1) / 2) }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkStages([
            ("widths", widths, ModelLimits.widths), ("heads", heads, ModelLimits.heads),
            ("depths", depths, ModelLimits.depths), ("embedKernels", embedKernels, ModelLimits.kernels),
            ("embedStrides", embedStrides, ModelLimits.strides),
        ])
        for (stage, (width, heads)) in zip(widths, heads).enumerated() where width % heads != 0 {
            throw ModelError(
                "model.widths has \(width) in stage \(stage), expected a multiple of its \(heads) heads (model.heads)")
        }
        try checkNumber("keyStride", keyStride, in: ModelLimits.keyStride)
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: dropPath)
    }

    /// The map of each stage for an image size; throws, naming the stage, when nothing is left of it.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: depths.count) { stage, extent in
            let window = Window(
                kernel: Pair(embedKernels[stage]), stride: Pair(embedStrides[stage]), padding: Pair(padding(stage)))
            return window.outputSize(Pair(extent)).height
        }
    }

    /// The same specification, checked for an image size.
    public func resolved(height: Int, width: Int) throws -> CvTSpecification {
        try validate()
        _ = try maps(height: height, width: width)
        return self
    }

    /// The stages' tokens as maps, without the class token.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        stageTaps(try maps(height: height, width: width), stride: { self.stride($0) }, channels: { widths[$0] })
    }

    /// What all layer norms add to the variance.
    package static let epsilon = 1e-5

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) throws -> any Backbone { try CvT(scope, self) }

    /// The class token or the mean of all tokens, normalised, and a linear layer.
    public var classifier: ClassificationHead.Form {
        ClassificationHead.Form(
            norm: "norm", epsilon: Self.epsilon, source: classToken ? .classToken : .normalizedMap)
    }

    /// 32 pixels for a small first embedding, else 224.
    public var usualImageSize: Int { (embedStrides.first ?? 4) < 4 ? 32 : 224 }

    /// By the official names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        guard let stage = words.number(after: "stage"), words[1] != nil else { return nil }
        if words[1] == "blocks" { return NameWords.block(stage, words.number(2)) }
        // The class token goes with the last stage's embedding.
        return NameWords.entry(stage)
    }
}
