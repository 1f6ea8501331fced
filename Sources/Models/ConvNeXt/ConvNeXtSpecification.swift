import Layers

/// Everything that decides a ConvNeXt's shape.
public struct ConvNeXtSpecification: Sendable, Hashable, Codable {
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
    public var classes: Int
    public var inputChannels: Int

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
    public static let variants: [(name: String, specification: ConvNeXtSpecification)] = [
        (
            "convnext_nano32",
            ConvNeXtSpecification(widths: [32, 64, 128, 256], depths: [2, 2, 6, 2], stemStride: 2, classes: 10)
        ),
        ("convnext_tiny", ConvNeXtSpecification(widths: [96, 192, 384, 768], depths: [3, 3, 9, 3])),
        ("convnext_small", ConvNeXtSpecification(widths: [96, 192, 384, 768], depths: [3, 3, 27, 3])),
        ("convnext_base", ConvNeXtSpecification(widths: [128, 256, 512, 1024], depths: [3, 3, 27, 3])),
    ]

    /// The variant of that name.
    public static func variant(_ name: String) -> ConvNeXtSpecification? {
        variants.first { $0.name == name }?.specification
    }

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
    public func maps(height: Int, width: Int) throws -> [MapSize] {
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
}
