import Layers
import Tensors

/// Everything that decides a MobileNetV2's shape (Sandler et al., arXiv 1801.04381).
public struct MobileNetV2Specification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "mobilenetv2"
    /// As the paper spells it.
    public static let title = "MobileNetV2"

    /// How the image is taken in.
    public enum Stem: String, Sendable, Hashable, Codable, CaseIterable {
        /// Halved by the first convolution and by the second group of blocks.
        case large
        /// Halved by neither, for images of 32 pixels.
        case small
    }

    /// A group of blocks of one width.
    struct Group {
        let expansion: Int
        let channels: Int
        let blocks: Int
        let stride: Int
    }

    /// Times the published widths, which are then rounded to multiples of 8.
    public var width: Double
    /// How the image is taken in.
    public var stem: Stem
    /// What the kernels of the blocks and of the last convolution are made of; `nil` for kernels that are parameters.
    public var kernels: KernelSpecification?
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The published widths and the large stem, unless said otherwise.
    public init(
        width: Double = 1, stem: Stem = .large, kernels: KernelSpecification? = nil, classes: Int = 1000,
        inputChannels: Int = 3
    ) {
        self.width = width
        self.stem = stem
        self.kernels = kernels
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published model and our own small one for 32 pixels.
    public static let variants: [ModelVariant<MobileNetV2Specification>] = [
        ModelVariant("mobilenetv2_nano32", MobileNetV2Specification(width: 0.5, stem: .small, classes: 10)),
        ModelVariant("mobilenetv2_100", MobileNetV2Specification()),
    ]

    static let widths = 0.05...8.0

    private func rounded(_ channels: Int, least: Int = 8) -> Int {
        let wanted = Double(channels) * width
        let near = max(least, Int(wanted + 4) / 8 * 8)
        return Double(near) < 0.9 * wanted ? near + 8 : near
    }

    /// Channels behind the first convolution.
    var stemChannels: Int { rounded(32) }
    /// Channels behind the last convolution, not fewer than published.
    var lastChannels: Int { Int(1280 * max(1, width)) / 8 * 8 }

    /// The groups of blocks.
    var groups: [Group] {
        [
            (1, 16, 1, 1), (6, 24, 2, stem == .large ? 2 : 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1),
        ].map { Group(expansion: $0.0, channels: rounded($0.1), blocks: $0.2, stride: $0.3) }
    }

    /// The stride of a block, counted from 1 as in the names of parameters.
    package func stride(ofBlock number: Int) -> Int {
        var first = 1
        for group in groups {
            if number == first { return group.stride }
            first += group.blocks
        }
        return 1
    }

    /// Blocks of a stage, the last convolution among them: a stage ends before the map is halved.
    public var depths: [Int] { [3, 3, 7, 5] }

    /// Pixels of the image per element of a stage's map.
    private func stride(_ stage: Int) -> Int { (stem == .large ? 4 : 1) << stage }

    private func channels(_ stage: Int) -> Int {
        stage == 3 ? lastChannels : groups[[1, 2, 4][stage]].channels
    }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("width", width, in: Self.widths)
        try kernels?.validate()
        if kernels?.kind == .kernelWarehouse {
            throw ModelError(
                "model.convolution is kernelWarehouse, whose cells cannot be shared by depthwise and pointwise kernels; "
                    + "use odConv or dyConv")
        }
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: 0)
    }

    /// The map of each stage for an image size; halves are rounded up, so something is always left.
    package func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: depths.count) { stage, extent in
            func half(_ extent: Int) -> Int { (extent + 1) / 2 }
            return stage > 0 ? half(extent) : stem == .large ? half(half(extent)) : extent
        }
    }

    /// The same specification, checked for an image size.
    public func resolved(height: Int, width: Int) throws -> MobileNetV2Specification {
        try validate()
        _ = try maps(height: height, width: width)
        return self
    }

    /// The last map of each size.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        return stageTaps(
            try maps(height: height, width: width), stride: { self.stride($0) }, channels: { self.channels($0) })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { MobileNetV2(scope, self) }

    /// Pool and linear layer, drawn as torchvision does.
    public var classifier: ClassificationHead.Form {
        ClassificationHead.Form(linear: "classifier.1", initializer: .normal(deviation: 0.01))
    }

    /// 32 pixels for the small stem, else 224.
    public var usualImageSize: Int { stem == .small ? 32 : 224 }

    /// Those of the kernels.
    public var annealingEpochs: Double? { kernels?.settling }

    /// By torchvision's names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        guard words[0] == "features", let number = words.number(1) else { return nil }
        if number == 0 { return .stem }
        var first = 1
        for (stage, depth) in depths.enumerated() {
            if number < first + depth { return .block(stage: stage, index: number - first) }
            first += depth
        }
        return nil
    }
}
