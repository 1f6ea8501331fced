import Detection
import JSON
import Layers
import Models
import Tensors

/// The detector that a fixture's metadata describes, with the fixture's parameters and images.
struct DetectorFixture<S: Scalar> {
    let fixture: ParityFixture<S>
    let head: any DetectorHeadSpecification
    let specification: ModelSpecification
    let model: Model
    let store: ParameterStore<S>
    /// The batch [N, H, W, C] as the network sees it: normalised and padded.
    let input: Tensor<S>
    /// The height and width of each image in the batch, without padding.
    let visible: [Pair]
    /// Of the maps that the head is given, fine to coarse.
    let strides: [Int]

    /// - Throws: `CheckpointError` when the metadata describes no detector, or its parameters do not fit.
    init(_ fixture: ParityFixture<S>) throws {
        self.fixture = fixture
        let isTorchvision = fixture.config?["architecture"] != nil
        let specification = try isTorchvision ? Self.torchvision(fixture) : Self.mmdetection(fixture)
        self.specification = specification
        guard let head = specification.head as? any DetectorHeadSpecification else {
            throw fixture.fail("the metadata's config describes no detector")
        }
        self.head = head
        (input, visible) = try isTorchvision ? Self.transformed(fixture) : Self.normalized(fixture)
        let (height, width) = (input.shape[1], input.shape[2])
        model = try specification.makeModel(height: height, width: width)
        strides = try specification.headTaps(height: height, width: width).map(\.stride)
        store = ParameterStore<S>(model.parameters, seed: 0)
        // A frozen batch norm counts no batches.
        let counts = model.parameters.buffers.map(\.name).filter { $0.hasSuffix("num_batches_tracked") }
        let stored = Set(fixture.file.tensors.map { specification.canonicalName(String($0.name.dropFirst(6))) })
        try fixture.load(
            store, rename: specification.canonicalName, skipping: Set(counts.filter { !stored.contains($0) }))
    }

    /// torchvision's RetinaNet and Mask R-CNN.
    private static func torchvision(_ fixture: ParityFixture<S>) throws -> ModelSpecification {
        let config = fixture.config
        let kind = config?["architecture"]?.stringValue
        let backbone = ResNetSpecification(
            baseWidth: try fixture.integer(config?["backbone"], "width"),
            depths: try fixture.integers(config?["backbone"], "layers"))
        let isFrozen = config?["backbone"]?["norm"]?.stringValue?.hasPrefix("frozen") == true
        let norm: BackboneNorm = isFrozen ? .frozen : .batch
        let anchors = AnchorShape(
            scale: 1, octaves: 1, ratios: try fixture.numbers(config, "aspect_ratios"),
            sizes: try (config?["anchor_sizes"]?.arrayValue ?? []).map { try fixture.numbers($0) })
        let classes = try fixture.integer(config, "num_classes")
        let head: any DetectorHeadSpecification
        switch kind {
        case "retinanet":
            head = RetinaNetHeadSpecification(
                classes: classes, style: .torchvision, anchors: anchors, backboneNorm: norm)
        case "mask_rcnn":
            let regions = config?["roi"]
            var pooling = RegionHeadSpecification.Pooling(
                .torchvision, scale: try fixture.number(regions, "canonical_scale"))
            pooling.samples = try fixture.integer(regions, "sampling_ratio")
            let masks = try fixture.integers(regions, "mask_layers")
            // The background is counted among the classes.
            head = RegionHeadSpecification(
                classes: classes - 1, kind: .maskRcnn, style: .torchvision, anchors: anchors, pooling: pooling,
                box: .init(width: try fixture.integer(regions, "representation")),
                mask: .init(convolutions: masks.count, channels: masks.first), backboneNorm: norm)
        default: throw fixture.fail("the entry architecture of the metadata's config names no known detector")
        }
        var neck = head.usualNeck
        neck.channels = try fixture.integer(config, "fpn_channels")
        return ModelSpecification(backbone, neck: neck, head: head)
    }
}

extension DetectorFixture {
    /// mmdetection's RetinaNet, RepPoints, Mask R-CNN and Cascade Mask R-CNN.
    private static func mmdetection(_ fixture: ParityFixture<S>) throws -> ModelSpecification {
        let config = fixture.config
        let backbone = ResNetSpecification(
            baseWidth: try fixture.integer(config?["backbone"], "base_channels"), depths: [1, 1, 1, 1])
        let norm: BackboneNorm = config?["backbone"]?["norm_eval"]?.boolValue == true ? .running : .batch
        let head: any DetectorHeadSpecification
        switch config?["type"]?.stringValue {
        case "RetinaNet": head = try retinanet(fixture, config?["bbox_head"], norm)
        case "RepPointsDetector": head = try reppoints(fixture, config?["bbox_head"], norm)
        case "MaskRCNN": head = try regions(fixture, .maskRcnn, norm)
        case "CascadeRCNN": head = try regions(fixture, .cascadeMaskRcnn, norm)
        default: throw fixture.fail("the entry type of the metadata's config names no known detector")
        }
        var neck = head.usualNeck
        neck.channels = try fixture.integer(config?["neck"], "out_channels")
        neck.groups = config?["neck"]?["norm_cfg"]?["num_groups"]?.integerValue ?? 0
        return ModelSpecification(backbone, neck: neck, head: head)
    }

    private static func retinanet(
        _ fixture: ParityFixture<S>, _ head: JSONValue?, _ norm: BackboneNorm
    ) throws -> RetinaNetHeadSpecification {
        let anchors = head?["anchor_generator"]
        return RetinaNetHeadSpecification(
            classes: try fixture.integer(head, "num_classes"),
            anchors: AnchorShape(
                scale: try fixture.number(anchors, "octave_base_scale"),
                octaves: try fixture.integer(anchors, "scales_per_octave"),
                ratios: try fixture.numbers(anchors, "ratios")),
            convolutions: try fixture.integer(head, "stacked_convs"), backboneNorm: norm)
    }

    private static func reppoints(
        _ fixture: ParityFixture<S>, _ head: JSONValue?, _ norm: BackboneNorm
    ) throws -> RepPointsHeadSpecification {
        RepPointsHeadSpecification(
            classes: try fixture.integer(head, "num_classes"), convolutions: try fixture.integer(head, "stacked_convs"),
            groups: head?["norm_cfg"]?["num_groups"]?.integerValue ?? 0,
            scale: try fixture.number(head, "point_base_scale"), backboneNorm: norm)
    }

    private static func regions(
        _ fixture: ParityFixture<S>, _ kind: RegionHeadSpecification.Kind, _ norm: BackboneNorm
    ) throws -> RegionHeadSpecification {
        let anchors = fixture.config?["rpn_head"]?["anchor_generator"]
        guard let scales = anchors?["scales"]?.arrayValue, scales.count == 1, let scale = scales[0].doubleValue else {
            throw fixture.fail("the first stage's anchors have no single scale")
        }
        let regions = fixture.config?["roi_head"]
        // A cascade has a list of heads, which are alike here.
        let box = regions?["bbox_head"]?.arrayValue?.first ?? regions?["bbox_head"]
        let mask = regions?["mask_head"]
        return RegionHeadSpecification(
            classes: try fixture.integer(box, "num_classes"), kind: kind,
            anchors: AnchorShape(scale: scale, octaves: 1, ratios: try fixture.numbers(anchors, "ratios")),
            pooling: .init(
                .mmdetection, scale: 4 * (try fixture.number(regions?["bbox_roi_extractor"], "finest_scale"))),
            box: .init(
                width: try fixture.integer(box, "fc_out_channels"),
                sharesBoxes: box?["reg_class_agnostic"]?.boolValue == true),
            mask: .init(
                convolutions: try fixture.integer(mask, "num_convs"),
                channels: try fixture.integer(mask, "conv_out_channels")), backboneNorm: norm)
    }
}
