import Checkpoints
import Datasets
import Detection
import JSON
import Models
import Tasks
import Tensors

extension DetectorFixture {
    var isTorchvision: Bool { head.style == .torchvision }

    /// How many more than ours the fixture's labels are: torchvision's second stages count the background.
    var firstLabel: Int { isTorchvision && head is RegionHeadSpecification ? 1 : 0 }

    /// The objects of the batch in pixels of the input.
    func targets() throws -> InstanceTargets {
        InstanceTargets(
            size: Pair(input.shape[1], input.shape[2]), images: try visible.indices.map { try target($0) })
    }

    private func target(_ image: Int) throws -> InstanceTarget {
        let original = try originalSize(image)
        let x = Double(visible[image].width) / Double(original.width)
        let y = Double(visible[image].height) / Double(original.height)
        let boxes = try boxes("target.\(image).boxes").map {
            Box(left: $0.left * x, top: $0.top * y, right: $0.right * x, bottom: $0.bottom * y)
        }
        let labels = try stored("target.\(image).labels").integers().map { Int32($0 - firstLabel) }
        return InstanceTarget(
            boxes: boxes, labels: labels, masks: head.answersMasks ? try masks(image) : [], visible: visible[image],
            located: LocatedInstances(
                identifier: Int64(image), original: Instances(size: visible[image], items: [])))
    }

    /// The masks of an image's objects, brought to its size in the input by nearest neighbor.
    private func masks(_ image: Int) throws -> [RunLengthMask?] {
        let tensor = try stored("target.\(image).masks")
        guard tensor.shape.count == 3 else { throw fixture.fail("target.\(image).masks is not [n, height, width]") }
        let pixels = try tensor.integers()
        let (from, to) = (Pair(tensor.shape[1], tensor.shape[2]), visible[image])
        return (0..<tensor.shape[0]).map { object in
            let first = object * from.height * from.width
            let moved = (0..<to.height * to.width).map { place in
                let row = place / to.width * from.height / to.height
                let column = place % to.width * from.width / to.width
                return UInt8(truncatingIfNeeded: pixels[first + row * from.width + column])
            }
            return RunLengthMask(bitmap: moved, size: to)
        }
    }

    /// The size of an image before it was brought to the input's.
    func originalSize(_ image: Int) throws -> Pair {
        guard isTorchvision else { return visible[image] }
        let shape = try stored("image.\(image)").shape
        guard shape.count == 3 else { throw fixture.fail("image.\(image) is not [channels, height, width]") }
        return Pair(shape[1], shape[2])
    }

    /// Boxes of the file [n, 4].
    func boxes(_ name: String) throws -> [Box] {
        let numbers = try stored(name).doubles()
        return stride(from: 0, to: numbers.count, by: 4).map {
            Box(left: numbers[$0], top: numbers[$0 + 1], right: numbers[$0 + 2], bottom: numbers[$0 + 3])
        }
    }

    private func stored(_ name: String) throws -> StoredTensor {
        guard let tensor = fixture.file[name] else { throw fixture.fail("the fixture has no \(name)") }
        return tensor
    }
}

extension DetectorFixture {
    /// The rules that the metadata describes: every candidate is taken.
    func rules() throws -> any DetectorRules {
        var keys = DetectorLossKeys()
        keys.sampled = .max
        switch head {
        case let head as RetinaNetHeadSpecification:
            var rules = RetinaNetRules(
                anchors: head.anchors.rule(head.style, strides: strides), classes: head.classes, keys: keys)
            rules.paddingMultiple = paddingMultiple
            return rules
        case let head as RepPointsHeadSpecification:
            var rules = RepPointsRules(head, strides: strides, keys)
            rules.paddingMultiple = paddingMultiple
            return rules
        case let head as RegionHeadSpecification: return try regionRules(head, keys)
        default: throw fixture.fail("there are no rules for heads of the kind \(type(of: head).name)")
        }
    }

    /// The fixtures' images say that each of them is padded to the size of the batch.
    private var paddingMultiple: Int { max(input.shape[1], input.shape[2]) }

    private func regionRules(_ head: RegionHeadSpecification, _ keys: DetectorLossKeys) throws -> RegionRules {
        var rules = RegionRules(head, strides: strides, keys)
        rules.proposals.paddingMultiple = paddingMultiple
        let config = fixture.config
        if isTorchvision {
            let first = config?["rpn"]
            rules.proposals.training = .init(
                perLevel: try fixture.integer(first, "pre_nms_train"),
                most: try fixture.integer(first, "post_nms_train"))
            rules.proposals.evaluated = try fixture.integer(first, "post_nms_test")
            return rules
        }
        let training = config?["train_cfg"]?["rpn_proposal"]
        rules.proposals.training = .init(
            perLevel: try fixture.integer(training, "nms_pre"), most: try fixture.integer(training, "max_per_img"))
        rules.proposals.evaluated = try fixture.integer(config?["test_cfg"]?["rpn"], "max_per_img")
        return rules
    }

    /// Which candidates become objects.
    func limits() throws -> DetectionLimits {
        var limits = DetectionLimits()
        let config = fixture.config
        if isTorchvision {
            let isTwoStage = head is RegionHeadSpecification
            let part = isTwoStage ? config?["roi"] : config
            limits.score = try fixture.number(part, "score_thresh")
            limits.overlap = try fixture.number(part, isTwoStage ? "nms" : "nms_thresh")
            limits.most = try fixture.integer(part, "detections_per_img")
            limits.perLevel = try fixture.integer(
                isTwoStage ? config?["rpn"] : config, isTwoStage ? "pre_nms_test" : "topk_candidates")
            return limits
        }
        let test = config?["test_cfg"]
        let last = test?["rcnn"] ?? test
        limits.score = try fixture.number(last, "score_thr")
        limits.overlap = try fixture.number(last?["nms"], "iou_threshold")
        limits.most = try fixture.integer(last, "max_per_img")
        limits.perLevel = try fixture.integer(test?["rpn"] ?? test, "nms_pre")
        return limits
    }
}
