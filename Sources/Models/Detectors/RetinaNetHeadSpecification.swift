import Configuration
import Detection
import Layers

/// Everything that decides the head of RetinaNet (Lin et al., arXiv 1708.02002): two towers of convolutions, shared by all
/// levels, one for the classes of anchors and one for their boxes.
///
/// Its answer: for each level, fine to coarse, the logits of the classes [N, h, w, A K], then for each level how boxes move
/// [N, h, w, 4 A]; A anchors at each place, the anchor the slower index. There is no background.
public struct RetinaNetHeadSpecification: DetectorHeadSpecification {
    /// In configurations and files.
    public static let name = "retinanet"

    /// How many classes it tells apart.
    public var classes: Int
    /// Whose choices it follows.
    public var style: DetectorStyle
    /// The boxes that it starts from.
    public var anchors: AnchorShape
    /// Of the towers' layers; `nil` for those of the maps.
    public var channels: Int?
    /// Convolutions of each tower before the last one.
    public var convolutions: Int
    /// Of a group norm behind each of these; 0 for none. torchvision's second version has 32.
    public var groups: Int
    /// How the backbone's batch norms work in training.
    public var backboneNorm: BackboneNorm

    /// Four convolutions without norms, unless said otherwise.
    public init(
        classes: Int, style: DetectorStyle = .mmdetection, anchors: AnchorShape = .retinaNet, channels: Int? = nil,
        convolutions: Int = 4, groups: Int = 0, backboneNorm: BackboneNorm = .batch
    ) {
        self.classes = classes
        self.style = style
        self.anchors = anchors
        self.channels = channels
        self.convolutions = convolutions
        self.groups = groups
        self.backboneNorm = backboneNorm
    }

    /// The anchors.
    public var anchorShape: AnchorShape? { anchors }

    /// Strides 8 to 128: further levels from the backbone's map, or by torchvision's rules from the coarsest output with
    /// relu between them.
    public var usualNeck: FeaturePyramidSpecification {
        let isTorchvision = style == .torchvision
        return FeaturePyramidSpecification(
            extraLevels: 2, extra: isTorchvision ? .p5 : .c5, reluBeforeExtra: isTorchvision, firstStage: 1,
            style: style)
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> RetinaNetHeadSpecification? {
        var head = RetinaNetHeadSpecification(classes: 2)
        head.style = DetectorKeys.style(reader, head.style)
        head.anchors = AnchorShape(reader, from: head.anchors)
        head.channels = DetectorKeys.channels(reader, "the head's towers")
        head.convolutions = reader.int(
            "convolutions", default: head.convolutions, in: 0...16, "Convolutions of each tower before the last one")
        head.groups = DetectorKeys.groups(reader, head.groups, "the towers")
        head.backboneNorm = DetectorKeys.backboneNorm(reader, head.backboneNorm)
        return head
    }

    /// Those of the last convolution of the classes.
    public var outputParameters: [String] { ["weight", "bias"].map { "\(RetinaNetHead.path).retina_cls.\($0)" } }

    /// By mmdetection's names, which are ours, or torchvision's.
    public static func canonicalName(_ name: String) -> String? { DetectorNames.dense(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkNumber("classes", classes, in: ModelLimits.classes)
        try checkNumber("head.convolutions", convolutions, in: 0...16)
        try anchors.validate(levels: taps.count)
        let inputs = try sharedChannels(Self.name, taps)
        let channels = channels ?? inputs
        try checkNumber("head.channels", channels, in: ModelLimits.widths)
        try checkGroups("head.groups", groups, channels: channels)
        return RetinaNetHead(scope[RetinaNetHead.path], self, inputs: inputs, channels: channels)
    }
}
