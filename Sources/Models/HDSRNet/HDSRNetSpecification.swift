// HDSRNet: images with more pixels than they came with. The backbone is the family; enlarging is the head `enlarging`.

import Configuration
import Layers

/// Everything that decides the backbone of an HDSRNet (Tian et al., arXiv 2402.15704): two branches of 3x3 convolutions at
/// the image's own resolution, the upper one in groups with a dilated and a dynamic convolution, the lower one with
/// symmetric skips; the map that the head enlarges is the product of what both say.
public struct HDSRNetSpecification: BackboneSpecification {
    /// In configurations and files.
    public static let name = "hdsrnet"
    /// As the paper spells it.
    public static let title = "HDSRNet"

    /// Channels of all layers.
    public var width: Int
    /// Groups of three layers in the upper branch. Both branches have one layer more than three times this.
    public var groups: Int
    /// Kernels that each image mixes its own of, in the dynamic convolutions.
    public var experts: Int
    /// How many classes a classification head tells apart.
    public var classes: Int
    /// Channels of the images.
    public var inputChannels: Int

    /// The paper's numbers, unless said otherwise.
    public init(width: Int = 64, groups: Int = 5, experts: Int = 4, classes: Int = 1000, inputChannels: Int = 3) {
        self.width = width
        self.groups = groups
        self.experts = experts
        self.classes = classes
        self.inputChannels = inputChannels
    }

    /// What a configuration starts from that names the family alone: the paper's numbers.
    public static let free = HDSRNetSpecification()

    /// A small one for runs of minutes; the paper's goes by the family's name.
    public static let variants = [
        ModelVariant("hdsrnet_small", HDSRNetSpecification(width: 32, groups: 2), imageSize: 48)
    ]

    /// Reads the keys of HDSRNet from the section `model`.
    public init(reading reader: ConfigurationReader, from start: HDSRNetSpecification) {
        self = start
        width = reader.int("width", default: width, in: Self.widths, "Channels of all layers")
        groups = reader.int(
            "groups", default: groups, in: Self.groupCounts,
            "Groups of a dilated, a dynamic and a plain convolution; both branches have one layer more than three times this"
        )
        experts = reader.int(
            "experts", default: experts, in: Self.expertCounts,
            "Kernels that a dynamic convolution mixes for each image")
        reader.report(validate)
    }

    /// The hidden layer of a dynamic convolution's attention is by this narrower than the map.
    static let reduction = 4
    /// What the scores of a dynamic convolution's experts are divided by.
    package static let temperature = 40.0
    private static let widths = reduction...4096
    private static let groupCounts = 1...64
    private static let expertCounts = 1...64

    /// Layers of each branch.
    package var depth: Int { 1 + 3 * groups }

    /// Checks what does not depend on the image size; one sentence per mistake.
    public func validate() throws {
        try checkNumber("width", width, in: Self.widths)
        try checkNumber("groups", groups, in: Self.groupCounts)
        try checkNumber("experts", experts, in: Self.expertCounts)
        try checkHead(classes: classes, inputChannels: inputChannels, dropPath: 0)
    }

    /// One map of the image's own size.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try validate()
        let map = try stageMaps(height: height, width: width, stages: 1, remedy: "larger images") { $1 }
        return stageTaps(map, stride: { _ in 1 }, channels: { _ in self.width })
    }

    /// Declares and makes the layers.
    public func makeBackbone(_ scope: Scope) -> any Backbone { HDSRNet(scope, self) }

    /// Pool and linear layer.
    public var classifier: ClassificationHead.Form { ClassificationHead.Form() }

    /// That of the patches that it is usually trained on.
    public var usualImageSize: Int { 48 }
}
