import Datasets
import Detection
import Tensors

extension ParityCheck {
    /// Operations on boxes that choose and compare, and have no gradient. They are computed in double precision whatever
    /// the check's is, as training and evaluation do.
    static func geometryCase(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        func enter(_ shape: [Int], _ values: [Double], _ output: Int = 0) {
            ours.add("\(one.name).out.\(output)", shape: shape, values.map { S($0) })
        }
        func enter(boxes: [Box], _ output: Int = 0) {
            enter([boxes.count, 4], boxes.flatMap { [$0.left, $0.top, $0.right, $0.bottom] }, output)
        }
        func enter(indices: [Int]) { enter([indices.count], indices.map { Double($0) }) }
        switch one.operation {
        case "box_iou", "generalized_box_iou":
            let (first, second) = (try one.boxes("in.a"), try one.boxes("in.b"))
            let measure = one.operation == "box_iou" ? BoxOverlap.union : .generalized
            enter([first.count, second.count], measure.matrix(first, second))
        case "encode_boxes", "decode_boxes":
            let anchors = try one.boxes("in.anchors")
            let coder = BoxCoder(deviations: try one.numbers("weights").map { 1 / $0 })
            guard coder.deviations.count == 4 else { throw one.fail("there must be four weights") }
            if one.operation == "encode_boxes" {
                enter([anchors.count, 4], coder.encode(try one.boxes("in.boxes", anchors.count), from: anchors))
            } else {
                _ = try one.boxes("in.deltas", anchors.count)
                enter(boxes: coder.decode(try one.doubles("in.deltas"), from: anchors))
            }
        case "clip_boxes_to_image":
            let size = Pair(try one.integer("height"), try one.integer("width"))
            enter(boxes: try one.boxes("in.boxes").map { $0.clipped(to: size) })
        case "remove_small_boxes":
            let (boxes, least) = (try one.boxes("in.boxes"), try one.number("min_size"))
            enter(indices: boxes.indices.filter { boxes[$0].isLarge(least, .torchvision) })
        case "masks_to_boxes": enter(boxes: try masks(one))
        case "nms", "batched_nms":
            let boxes = try one.boxes("in.boxes")
            let (scores, threshold) = (try one.doubles("in.scores"), try one.number("iou_threshold"))
            let classes =
                one.operation == "nms"
                ? boxes.map { _ in Int32(0) } : try one.integers("in.labels").map { Int32(truncatingIfNeeded: $0) }
            guard scores.count == boxes.count, classes.count == boxes.count, !scores.contains(where: \.isNaN) else {
                throw one.fail("there must be one score, a number, and one label for each box")
            }
            enter(indices: Suppression.kept(boxes, scores, classes: classes, threshold: threshold))
        case "anchors":
            let (rule, maps, input) = try anchors(one)
            enter(boxes: rule.boxes(maps: maps, input: input))
            for level in 0..<rule.levels { enter(boxes: rule.cells(level: level), level + 1) }
        case "match":
            let matcher = Matcher(
                high: try one.number("high"), low: try one.number("low"),
                lowQuality: try one.flag("allow_low_quality") ? .ownBest : .off)
            enter(
                indices: matcher.matches(try one.boxes("in.anchors"), try one.boxes("in.gt")).map { Int($0) })
        default: throw one.fail("the operation \(one.operation) is not known")
        }
    }

    /// The boxes of masks [count, height, width], whose right and lower sides are the last pixels of the object.
    private static func masks(_ one: ParityCase<S>) throws -> [Box] {
        let pixels = try one.integers("in.masks")
        guard let shape = one.shape("in.masks"), shape.count == 3, shape[1] > 0, shape[2] > 0 else {
            throw one.fail("in.masks is not [.., height, width]")
        }
        let size = Pair(shape[1], shape[2])
        return (0..<shape[0]).map { index in
            let own = pixels[index * shape[1] * shape[2]..<(index + 1) * shape[1] * shape[2]]
            let box = RunLengthMask(bitmap: own.map { $0 == 0 ? 0 : 1 }, size: size).box
            return Box(left: box.left, top: box.top, right: box.right - 1, bottom: box.bottom - 1)
        }
    }

    private static func anchors(_ one: ParityCase<S>) throws -> (AnchorRule, maps: [Pair], input: Pair) {
        func lists(_ key: String) throws -> [[Double]] {
            let lists = one.description[key]?.arrayValue?.map { $0.arrayValue?.compactMap(\.doubleValue) ?? [] } ?? []
            guard !lists.isEmpty, lists.allSatisfy({ !$0.isEmpty }) else { throw one.fail("\(key) has no lists") }
            return lists
        }
        let (sizes, ratios) = (try lists("sizes"), try lists("ratios"))
        let maps = try lists("feature_sizes").map { size in
            guard size.count == 2, let height = Int(exactly: size[0]), let width = Int(exactly: size[1]),
                height > 0, width > 0
            else { throw one.fail("a size of feature_sizes is not [height, width]") }
            return Pair(height, width)
        }
        guard maps.count == sizes.count, Set(ratios).count == 1 else {
            throw one.fail("there must be as many sizes as maps, and the same ratios for all")
        }
        let rule = AnchorRule(
            style: .torchvision, sizes: sizes, ratios: ratios[0], strides: sizes.map { _ in 1 })
        return (rule, maps, try one.pair("image_size"))
    }
}

extension ParityCase {
    /// Boxes [.., 4], as many as are expected.
    func boxes(_ part: String, _ count: Int? = nil) throws -> [Box] {
        let numbers = try doubles(part)
        guard shape(part)?.last == 4, count.map({ numbers.count == 4 * $0 }) ?? true else {
            throw fail("\(part) is not [\(count.map(String.init) ?? ".."), 4]")
        }
        return stride(from: 0, to: numbers.count, by: 4).map {
            Box(left: numbers[$0], top: numbers[$0 + 1], right: numbers[$0 + 2], bottom: numbers[$0 + 3])
        }
    }
}
