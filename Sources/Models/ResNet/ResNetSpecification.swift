import Layers

/// Everything that decides a ResNet's shape (He et al., arXiv 1512.03385), or that of a ResNeXt (Xie et al., arXiv
/// 1611.05431), whose bottlenecks are cut into groups.
public struct ResNetSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "resnet"
    /// As the paper spells it.
    public static let title = "ResNet"

    /// What a block is a chain of.
    public enum Block: String, Sendable, Hashable, Codable, CaseIterable {
        /// Two 3x3 convolutions.
        case basic
        /// 1x1, 3x3 with the stride, 1x1 to four times the width.
        case bottleneck
    }

    /// How the image is taken in.
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

    /// How the 3x3 convolutions of bottlenecks are cut.
    public struct Grouping: Sendable, Hashable, Codable {
        /// Parts of the channels that do not see each other, in every stage.
        public var groups: Int
        /// Channels of a group in the first stage; each further stage doubles them.
        public var width: Int

        /// So many groups of so many channels each, in the first stage.
        public init(groups: Int, width: Int) { (self.groups, self.width) = (groups, width) }
    }

    /// The width of the first stage; each further stage doubles it.
    public var baseWidth: Int
    /// Blocks per stage.
    public var depths: [Int]
    /// What a block is a chain of.
    public var block: Block
    /// How the image is taken in.
    public var stem: Stem
    /// What the input goes through where a block changes the shape.
    public var shortcut: Shortcut
    /// How the 3x3 convolutions of bottlenecks are cut; `nil` for one group as wide as the stage.
    public var grouping: Grouping?
    /// What the kernels of the blocks are made of; `nil` for kernels that are parameters.
    public var kernels: KernelSpecification?
    /// How many classes the head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// Basic blocks of 64 channels behind the large stem, unless said otherwise.
    public init(
        baseWidth: Int = 64, depths: [Int], block: Block = .basic, stem: Stem = .large,
        shortcut: Shortcut = .projection, grouping: Grouping? = nil, kernels: KernelSpecification? = nil,
        classes: Int = 1000, inputChannels: Int = 3
    ) {
        self.baseWidth = baseWidth
        self.depths = depths
        self.block = block
        self.stem = stem
        self.shortcut = shortcut
        self.grouping = grouping
        self.kernels = kernels
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// The published models: those for ImageNet with the stride in the 3x3 convolution, those for CIFAR with option A,
    /// ResNeXt-50 32x4d and ResNeXt-101 32x8d; and a small ResNeXt of our own for 32 pixels.
    public static let variants: [ModelVariant<ResNetSpecification>] = {
        func cifar(_ blocks: Int) -> ResNetSpecification {
            ResNetSpecification(
                baseWidth: 16, depths: [blocks, blocks, blocks], stem: .small, shortcut: .padding, classes: 10)
        }
        func next(_ depths: [Int], _ grouping: Grouping) -> ResNetSpecification {
            ResNetSpecification(depths: depths, block: .bottleneck, grouping: grouping)
        }
        return [
            ModelVariant("resnet20", cifar(3)), ModelVariant("resnet56", cifar(9)),
            ModelVariant("resnet110", cifar(18)),
            ModelVariant("resnet18", ResNetSpecification(depths: [2, 2, 2, 2])),
            ModelVariant("resnet34", ResNetSpecification(depths: [3, 4, 6, 3])),
            ModelVariant("resnet50", ResNetSpecification(depths: [3, 4, 6, 3], block: .bottleneck)),
            ModelVariant(
                "resnext_nano32",
                ResNetSpecification(
                    baseWidth: 32, depths: [2, 2, 2], block: .bottleneck, stem: .small,
                    grouping: Grouping(groups: 8, width: 8), classes: 10)),
            ModelVariant("resnext50", next([3, 4, 6, 3], Grouping(groups: 32, width: 4))),
            ModelVariant("resnext101", next([3, 4, 23, 3], Grouping(groups: 32, width: 8))),
        ]
    }()

    /// Stage i's channels.
    public func width(_ stage: Int) -> Int { (baseWidth << stage) * (block == .bottleneck ? 4 : 1) }

    /// Channels between the two ends of stage i's blocks.
    package func middle(_ stage: Int) -> Int {
        grouping.map { Int.product($0.groups, $0.width) << stage } ?? baseWidth << stage
    }

    /// Pixels of the image per element of stage i's map.
    public func stride(_ stage: Int) -> Int { (stem == .large ? 4 : 1) << stage }

    static let groups = 1...1024

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkStages([("depths", depths, ModelLimits.depths)])
        try kernels?.validate()
        if let grouping {
            try checkNumber("groups", grouping.groups, in: Self.groups)
            try checkNumber("groupWidth", grouping.width, in: ModelLimits.baseWidth)
            if block != .bottleneck {
                throw ModelError("model.groups and model.groupWidth need bottleneck blocks, but they are basic")
            }
        }
        try checkNumber("baseWidth", baseWidth, in: ModelLimits.baseWidth)
        if shortcut == .padding, block == .bottleneck || baseWidth % 2 != 0 {
            throw ModelError(
                "model.shortcut padding needs basic blocks and an even model.baseWidth, but they are \(block.rawValue) "
                    + "and \(baseWidth); use projection")
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
    public func resolved(height: Int, width: Int) throws -> ResNetSpecification {
        try validate()
        _ = try maps(height: height, width: width)
        return self
    }

    /// The stages' outputs.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        stageTaps(
            try maps(height: height, width: width), stride: { self.stride($0) }, channels: { self.width($0) })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { ResNet(scope, self) }

    /// Pool and linear layer, drawn as torchvision does.
    public var classifier: ClassificationHead.Form {
        let inputs = depths.isEmpty ? 1 : width(depths.count - 1)
        return ClassificationHead.Form(
            linear: "fc", initializer: .uniformFanIn, biasInitializer: .uniform(bound: 1 / Double(inputs).squareRoot()))
    }

    /// 32 pixels for the small stem, else 224.
    public var usualImageSize: Int { stem == .small ? 32 : 224 }

    /// Those of the kernels.
    public var annealingEpochs: Double? { kernels?.settling }

    /// By torchvision's names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        if ["conv1", "bn1"].contains(words[0]) { return .stem }
        if words[0] == "warehouse_manager" { return NameWords.block(words.number(2), 0) }
        return NameWords.block(words.number(after: "layer").map { $0 - 1 }, words.number(1))
    }
}
