// Necks: what makes maps of the backbone's maps, one file or two for each.

import Detection
import Layers

/// Everything that decides a feature pyramid (Lin et al., arXiv 1612.03144), as mmsegmentation and mmdetection build it, or
/// torchvision; with a `fusion` by gnConv it is HorFPN (Rao et al., arXiv 2207.14284, section 3.4), with `upward` PAFPN (Liu
/// et al., arXiv 1803.01534).
public struct FeaturePyramidSpecification: NeckSpecification {
    /// In configurations and files.
    public static let name = "fpn"

    /// What levels beyond the backbone's coarsest map are made of.
    public enum Extra: String, Sendable, Hashable, Codable, CaseIterable {
        /// Every second pixel of the level before; of two-stage detectors.
        case pool
        /// Convolutions of stride 2, the first of the backbone's coarsest map.
        case c5
        /// Likewise, the first of the coarsest sum.
        case lateral
        /// Likewise, the first of the coarsest output.
        case p5
    }

    /// Of each of its maps.
    public var channels: Int
    /// What makes an output of the sum at its level.
    public var fusion: Fusion
    /// The stored size of a fusion's global filter.
    public var filter: FilterExtent
    /// Further levels; none for segmentation.
    public var extraLevels: Int
    /// What the further levels are made of.
    public var extra: Extra
    /// Whether relu stands before each further convolution but the first.
    public var reluBeforeExtra: Bool
    /// The first of the backbone's maps that is read, 0 for the finest.
    public var firstStage: Int
    /// Of channels that are normalised together behind each convolution; 0 for no norm.
    public var groups: Int
    /// Whether PAFPN's way from the finest level to the coarsest follows.
    public var upward: Bool
    /// Whose first values the weights have.
    public var style: DetectorStyle

    /// 256 channels, 3x3 convolutions and one output per map of the backbone, unless said otherwise.
    public init(
        channels: Int = 256, fusion: Fusion = .conv, filter: FilterExtent = FilterExtent(), extraLevels: Int = 0,
        extra: Extra = .pool, reluBeforeExtra: Bool = false, firstStage: Int = 0, groups: Int = 0, upward: Bool = false,
        style: DetectorStyle = .mmdetection
    ) {
        self.channels = channels
        self.fusion = fusion
        self.filter = filter
        self.extraLevels = extraLevels
        self.extra = extra
        self.reluBeforeExtra = reluBeforeExtra
        self.firstStage = firstStage
        self.groups = groups
        self.upward = upward
        self.style = style
    }

    /// The pyramid's first map, none of the finer ones.
    public var firstMap: Int { firstStage }

    /// Xavier-uniform, or torchvision's Kaiming-uniform for a = 1.
    var initializer: Initializer { style == .torchvision ? .varianceFanIn : .xavierUniform }

    /// Declares and makes the layers.
    public func makeNeck(_ scope: Scope, taps: [FeatureTap]) throws -> any Neck {
        try checkNumber("neck.channels", channels, in: ModelLimits.widths)
        try checkNumber("neck.extraLevels", extraLevels, in: Self.levels)
        try checkGroups("neck.groups", groups, channels: channels)
        guard taps.indices.contains(firstStage) else {
            throw ModelError(
                "model.neck.firstStage is \(firstStage), but the backbone has \(taps.count) maps, expected 0 to "
                    + "\(taps.count - 1)")
        }
        guard groups == 0 || fusion == .conv else {
            throw ModelError(
                "model.neck.groups is \(groups), but gnConv has no norm behind it; use neck.fusion: conv, or groups: 0")
        }
        return try FeaturePyramid(
            scope[FeaturePyramid.path], self, inputs: taps.dropFirst(firstStage).map(\.channels))
    }

    static let levels = 0...8
}
