import Detection
import Layers
import Tensors

/// Everything that decides the head of a two-stage detector: Faster R-CNN (Ren et al., arXiv 1506.01497), Mask R-CNN (He et
/// al., arXiv 1703.06870) and their cascades (Cai and Vasconcelos, arXiv 1906.09756).
///
/// Its answer is that of the first stage, which proposes regions: for each level, fine to coarse, the objectness [N, h, w,
/// A], then for each level how boxes move [N, h, w, 4 A], the anchor the slower index. What it says about regions is
/// `ModelOutput.regions`: the scores of K + 1 classes, the background first by torchvision's rules (and then boxes and masks
/// have columns for it, too), last by mmdetection's.
public struct RegionHeadSpecification: DetectorHeadSpecification {
    /// What is in the second stage.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Boxes, once.
        case fasterRcnn
        /// Boxes, once, and masks.
        case maskRcnn
        /// Boxes, three times.
        case cascadeRcnn
        /// Boxes and masks, three times.
        case cascadeMaskRcnn

        package var answersMasks: Bool { self == .maskRcnn || self == .cascadeMaskRcnn }
        package var isCascade: Bool { self == .cascadeRcnn || self == .cascadeMaskRcnn }
    }

    /// The layers that look at a region's box.
    public struct BoxLayers: Sendable, Hashable, Codable {
        /// Convolutions with batch norm before the linear layers; HorNet's cascade has four.
        public var convolutions: Int
        /// Linear layers; HorNet's cascade has one.
        public var linear: Int
        /// Of the linear layers.
        public var width: Int
        /// Whether all classes share a box.
        public var sharesBoxes: Bool

        /// Two linear layers of 1024, and boxes for each class, unless said otherwise.
        public init(convolutions: Int = 0, linear: Int = 2, width: Int = 1024, sharesBoxes: Bool = false) {
            self.convolutions = convolutions
            self.linear = linear
            self.width = width
            self.sharesBoxes = sharesBoxes
        }
    }

    /// The layers that look at a region's mask.
    public struct MaskLayers: Sendable, Hashable, Codable {
        /// Convolutions at 14x14 before the map is doubled.
        public var convolutions: Int
        /// Of these; `nil` for those of the maps.
        public var channels: Int?

        /// Four convolutions, unless said otherwise.
        public init(convolutions: Int = 4, channels: Int? = nil) {
            self.convolutions = convolutions
            self.channels = channels
        }
    }

    /// How a region is cut out of the maps.
    public struct Pooling: Sendable, Hashable, Codable {
        /// The side of a square region, in pixels, from which on the map of stride 16 is read; the other maps at half and
        /// twice the side.
        public var scale: Double
        /// Samples of a cell along each axis; 0 for as many as a region's size asks for.
        public var samples: Int
        /// Whether the map's pixels are where their centers are.
        public var aligned: Bool

        /// What a style does.
        public init(_ style: DetectorStyle, scale: Double = 224) {
            self.scale = scale
            samples = style == .torchvision ? 2 : 0
            aligned = style == .mmdetection
        }
    }

    /// In files; `Kind` has the words of configurations.
    public static let name = "rcnn"

    /// How many classes it tells apart, without the background.
    public var classes: Int
    /// What is in the second stage.
    public var kind: Kind
    /// Whose choices it follows.
    public var style: DetectorStyle
    /// The boxes that the first stage starts from.
    public var anchors: AnchorShape
    /// Of the first stage's layer; `nil` for those of the maps.
    public var channels: Int?
    /// How regions are cut out.
    public var pooling: Pooling
    /// The second stage's layers.
    public var box: BoxLayers
    /// Likewise.
    public var mask: MaskLayers
    /// How the backbone's batch norms work in training.
    public var backboneNorm: BackboneNorm

    /// The published heads of a style.
    public init(
        classes: Int, kind: Kind, style: DetectorStyle = .mmdetection, anchors: AnchorShape = .proposals,
        channels: Int? = nil, pooling: Pooling? = nil, box: BoxLayers? = nil, mask: MaskLayers = MaskLayers(),
        backboneNorm: BackboneNorm = .batch
    ) {
        self.classes = classes
        self.kind = kind
        self.style = style
        self.anchors = anchors
        self.channels = channels
        self.pooling = pooling ?? Pooling(style)
        self.box = box ?? BoxLayers(sharesBoxes: kind.isCascade)
        self.mask = mask
        self.backboneNorm = backboneNorm
    }

    /// The first stage's anchors.
    public var anchorShape: AnchorShape? { anchors }

    /// Whether there are masks.
    public var answersMasks: Bool { kind.answersMasks }

    /// How many times boxes are refined.
    public var stages: Int { kind.isCascade ? 3 : 1 }

    /// The column of the background among the scores of a region's classes.
    public var background: Int { style == .torchvision ? 0 : classes }

    /// What encoded boxes of a stage are divided by: for places and for sizes, horizontally and vertically.
    public func deviations(stage: Int) -> [Double] {
        [[0.1, 0.1, 0.2, 0.2], [0.05, 0.05, 0.1, 0.1], [0.033, 0.033, 0.067, 0.067]][stage]
    }

    /// Strides 4 to 64, the last one every second pixel of the one before.
    public var usualNeck: FeaturePyramidSpecification { FeaturePyramidSpecification(extraLevels: 1, style: style) }

    /// Columns of scores; of boxes and masks as many without the background, where that stands last.
    var scoreColumns: Int { classes + 1 }
    var classColumns: Int { style == .torchvision ? classes + 1 : classes }
    var boxColumns: Int { box.sharesBoxes ? 4 : 4 * classColumns }

    /// The last layers of each stage.
    public var outputParameters: [String] {
        (0..<stages).flatMap { stage in
            let layers = ["fc_cls"] + (box.sharesBoxes ? [] : ["fc_reg"])
            let boxes = layers.map { "\(boxPath(stage)).\($0)" }
            return (boxes + (answersMasks ? ["\(maskPath(stage)).conv_logits"] : [])).flatMap {
                ["\($0).weight", "\($0).bias"]
            }
        }
    }

    package func boxPath(_ stage: Int) -> String {
        RegionHead.path + ".bbox_head" + (kind.isCascade ? ".\(stage)" : "")
    }
    package func maskPath(_ stage: Int) -> String {
        RegionHead.path + ".mask_head" + (kind.isCascade ? ".\(stage)" : "")
    }

    /// By mmdetection's names, which are ours, or torchvision's.
    public static func canonicalName(_ name: String) -> String? { DetectorNames.region(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkNumber("classes", classes, in: ModelLimits.classes)
        try anchors.validate(levels: taps.count)
        let inputs = try sharedChannels(kind.rawValue, taps)
        let checked = [
            ("head.channels", channels ?? inputs, ModelLimits.widths),
            ("head.boxConvolutions", box.convolutions, 0...16), ("head.boxLayers", box.linear, 1...8),
            ("head.boxWidth", box.width, ModelLimits.widths), ("head.maskConvolutions", mask.convolutions, 0...16),
            ("head.maskChannels", mask.channels ?? inputs, ModelLimits.widths),
            ("head.samples", pooling.samples, 0...16),
        ]
        for (name, value, range) in checked { try checkNumber(name, value, in: range) }
        try checkNumber("head.regionScale", pooling.scale, in: 1...1e6)
        guard taps.count > 1 else {
            throw ModelError(
                "the \(kind.rawValue) head needs two levels at least, but there is one; put a neck before it")
        }
        return RegionHead(scope, self, taps: taps, inputs: inputs)
    }
}
