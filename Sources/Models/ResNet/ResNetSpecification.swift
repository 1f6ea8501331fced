import Layers

/// Everything that decides a ResNet's shape.
public struct ResNetSpecification: Sendable, Hashable, Codable {
    public enum Block: String, Sendable, Hashable, Codable, CaseIterable {
        /// Two 3x3 convolutions.
        case basic
        /// 1x1, 3x3 with the stride, 1x1 to four times the width.
        case bottleneck
    }

    public enum Stem: String, Sendable, Hashable, Codable, CaseIterable {
        /// 7x7 with stride 2, then a 3x3 maximum with stride 2.
        case large
        /// 3x3 with stride 1, for images of 32 pixels.
        case small
    }

    /// What the input goes through where a block changes the shape.
    public enum Shortcut: String, Sendable, Hashable, Codable, CaseIterable {
        /// A strided 1x1 convolution with norm: option B of the paper.
        case projection
        /// Every second pixel, with zeros for new channels on both sides: option A, no parameters.
        case padding
    }

    /// The width of the first stage; each further stage doubles it.
    public var baseWidth: Int
    /// Blocks per stage.
    public var depths: [Int]
    public var block: Block
    public var stem: Stem
    public var shortcut: Shortcut
    public var classes: Int
    public var inputChannels: Int

    public init(
        baseWidth: Int = 64, depths: [Int], block: Block = .basic, stem: Stem = .large,
        shortcut: Shortcut = .projection, classes: Int = 1000, inputChannels: Int = 3
    ) {
        self.baseWidth = baseWidth
        self.depths = depths
        self.block = block
        self.stem = stem
        self.shortcut = shortcut
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published models (He et al., arXiv 1512.03385): those for ImageNet with the stride in the 3x3 convolution,
    /// those for CIFAR with option A.
    public static let variants: [(name: String, specification: ResNetSpecification)] = {
        func cifar(_ blocks: Int) -> ResNetSpecification {
            ResNetSpecification(
                baseWidth: 16, depths: [blocks, blocks, blocks], stem: .small, shortcut: .padding, classes: 10)
        }
        return [
            ("resnet20", cifar(3)), ("resnet56", cifar(9)), ("resnet110", cifar(18)),
            ("resnet18", ResNetSpecification(depths: [2, 2, 2, 2])),
            ("resnet34", ResNetSpecification(depths: [3, 4, 6, 3])),
            ("resnet50", ResNetSpecification(depths: [3, 4, 6, 3], block: .bottleneck)),
        ]
    }()

    /// The variant of that name.
    public static func variant(_ name: String) -> ResNetSpecification? {
        variants.first { $0.name == name }?.specification
    }

    /// Stage i's channels.
    public func width(_ stage: Int) -> Int { (baseWidth << stage) * (block == .bottleneck ? 4 : 1) }

    /// Pixels of the image per element of stage i's map.
    public func stride(_ stage: Int) -> Int { (stem == .large ? 4 : 1) << stage }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkStages([("depths", depths, ModelLimits.depths)])
        try checkNumber("baseWidth", baseWidth, in: ModelLimits.baseWidth)
        if shortcut == .padding, block == .bottleneck || baseWidth % 2 != 0 {
            throw ModelError(
                "model.shortcut padding needs basic blocks and an even model.baseWidth, but they are \(block.rawValue) "
                    + "and \(baseWidth); use projection")
        }
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: 0)
    }

    /// The map of each stage for an image size; halves are rounded up, so something is always left.
    public func maps(height: Int, width: Int) throws -> [MapSize] {
        try stageMaps(height: height, width: width, stages: depths.count) { stage, extent in
            func half(_ n: Int) -> Int { (n + 1) / 2 }
            return stage > 0 ? half(extent) : stem == .large ? half(half(extent)) : extent
        }
    }

    /// The same specification, checked for an image size.
    public func resolved(height: Int, width: Int) throws -> ResNetSpecification {
        try validate()
        _ = try maps(height: height, width: width)
        return self
    }
}
