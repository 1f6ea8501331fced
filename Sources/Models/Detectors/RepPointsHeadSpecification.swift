import Configuration
import Detection
import Layers

/// Everything that decides the head of RepPoints (Yang et al., arXiv 1904.11490): nine points at each place, which a first
/// step moves onto the object and a second one refines, reading the map there by deformable convolutions.
///
/// Its answer: for each level, fine to coarse, the logits of the classes [N, h, w, K], then for each level the first points
/// [N, h, w, 18], then the refined ones [N, h, w, 18], all in strides from the place, y before x; last, with `moment`, the
/// logarithms [2] of what deviations are multiplied by, width first.
public struct RepPointsHeadSpecification: DetectorHeadSpecification {
    /// How points become a box.
    public enum Transform: String, Sendable, Hashable, Codable, CaseIterable {
        /// By their mean and their deviation, times factors that are learned.
        case moment
        /// By their extremes.
        case minMax
        /// By the extremes of the first four.
        case partialMinMax
    }

    /// In configurations and files.
    public static let name = "reppoints"

    /// How many classes it tells apart.
    public var classes: Int
    /// Of all layers; `nil` for those of the maps.
    public var channels: Int?
    /// Convolutions of each tower.
    public var convolutions: Int
    /// Of a group norm behind each of these; 0 for none.
    public var groups: Int
    /// How points become a box.
    public var transform: Transform
    /// What the side of a box is measured by, in strides of its level.
    public var scale: Double
    /// How the backbone's batch norms work in training.
    public var backboneNorm: BackboneNorm

    /// Three convolutions without norms and boxes by moments, unless said otherwise.
    public init(
        classes: Int, channels: Int? = nil, convolutions: Int = 3, groups: Int = 0, transform: Transform = .moment,
        scale: Double = 4, backboneNorm: BackboneNorm = .batch
    ) {
        self.classes = classes
        self.channels = channels
        self.convolutions = convolutions
        self.groups = groups
        self.transform = transform
        self.scale = scale
        self.backboneNorm = backboneNorm
    }

    /// mmdetection's, there is no other.
    public var style: DetectorStyle { .mmdetection }

    /// None.
    public var anchorShape: AnchorShape? { nil }

    /// Strides 8 to 128, the further levels from the backbone's map; with norms where the head has them.
    public var usualNeck: FeaturePyramidSpecification {
        FeaturePyramidSpecification(extraLevels: 2, extra: .c5, firstStage: 1, groups: groups)
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> RepPointsHeadSpecification? {
        var head = RepPointsHeadSpecification(classes: 2)
        head.channels = DetectorKeys.channels(reader, "all of the head")
        head.convolutions = reader.int(
            "convolutions", default: head.convolutions, in: 0...16, "Convolutions of each tower")
        head.groups = DetectorKeys.groups(reader, head.groups, "the towers, and in the neck unless that says otherwise")
        head.transform = reader.choice(
            "transform", default: head.transform,
            "How points become a box: moment (mean and deviation), minMax or partialMinMax (of the first four)")
        head.scale = reader.double(
            "pointScale", default: head.scale, in: 0.1...1000,
            "The side of the boxes of a level in strides of its map; smaller for smaller objects")
        head.backboneNorm = DetectorKeys.backboneNorm(reader, head.backboneNorm)
        return head
    }

    /// Those of the last convolution of the classes.
    public var outputParameters: [String] {
        ["weight", "bias"].map { "\(RepPointsHead.path).reppoints_cls_out.\($0)" }
    }

    /// By mmdetection's names, which are ours.
    public static func canonicalName(_ name: String) -> String? { DetectorNames.dense(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkNumber("classes", classes, in: ModelLimits.classes)
        try checkNumber("head.convolutions", convolutions, in: 0...16)
        try checkNumber("head.pointScale", scale, in: 0.1...1000)
        let inputs = try sharedChannels(Self.name, taps)
        let channels = channels ?? inputs
        try checkNumber("head.channels", channels, in: ModelLimits.widths)
        try checkGroups("head.groups", groups, channels: channels)
        return RepPointsHead(scope[RepPointsHead.path], self, inputs: inputs, channels: channels)
    }
}
