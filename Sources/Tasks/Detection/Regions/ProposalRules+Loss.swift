import Autograd
import Datasets
import Detection
import Tensors

extension ProposalRules {
    /// Of each image what each of its anchors is of, over all levels, as `Matcher` tells.
    func matches(_ anchors: AnchorGrid, _ targets: InstanceTargets) -> [[Int32]] {
        let columns = anchors.columns
        return inParallel(targets.images.count) { image in
            let target = targets.images[image]
            let counted = self.anchors.counted(
                maps: anchors.maps, size: target.visible, multiple: paddingMultiple, border: border)
            var matches = matcher.matches(columns, target.boxes, counted: counted)
            if ignoresCrowds { Matcher.ignore(&matches, columns, in: target.crowds) }
            return matches
        }
    }

    /// The loss of objectness and that of boxes: both are sums over the anchors that were drawn, divided by their number. They
    /// are told of each level by itself in mmdetection's style.
    /// - Parameters:
    ///   - matches: of each image, over all levels.
    ///   - keys: the stream of each image.
    func loss<S: Scalar>(
        _ answer: ProposalAnswer<S>, _ anchors: AnchorGrid, _ matches: [[Int32]], _ targets: InstanceTargets,
        keys: [RandomKey]
    ) -> (classes: [Variable<S>], boxes: [Variable<S>]) {
        let samples = zip(matches, keys).map { sampler.sample($0, $1) }
        // mmdetection counts an image without anchors of a kind as if it had one.
        let least = style == .torchvision ? 0 : 1
        let count = samples.reduce(0) { $0 + max(least, $1.positives.count) + max(least, $1.negatives.count) }
        let factor = 1 / S(max(1, count))
        var classes: [Variable<S>] = []
        var boxes: [Variable<S>] = []
        var first = 0
        for level in answer.levels {
            var rows = LevelRows<S>(first: first, anchors.levels[level])
            for (image, target) in targets.images.enumerated() {
                rows.add(image, samples[image], matches[image], target.boxes)
            }
            first += anchors.levels[level].count
            classes.append(rows.objectness(answer.objectness[level]).scaled(by: factor))
            boxes.append(rows.moves(answer.deltas[level], beta: beta).scaled(by: factor))
        }
        if style == .torchvision { return ([.total(classes)], [.total(boxes)]) }
        return (classes, boxes)
    }
}

/// The anchors of one level that a step is trained with, as rows of its maps counted over the images of the batch.
private struct LevelRows<S: Scalar> {
    private let range: Range<Int>
    private let anchors: [Box]
    private let coder = BoxCoder()
    private var rows: [Int32] = []
    private var isObject: [S] = []
    private var positives: [Int32] = []
    private var moves: [S] = []

    init(first: Int, _ anchors: [Box]) {
        range = first..<first + anchors.count
        self.anchors = anchors
    }

    /// Adds what of an image's sample is on this level.
    mutating func add(_ image: Int, _ sample: Sampler.Sample, _ matches: [Int32], _ boxes: [Box]) {
        let offset = image * anchors.count - range.lowerBound
        for anchor in sample.positives where range.contains(anchor) {
            rows.append(Int32(offset + anchor))
            isObject.append(1)
            positives.append(Int32(offset + anchor))
            let numbers = coder.encode(boxes[Int(matches[anchor])], from: anchors[anchor - range.lowerBound])
            for index in 0..<4 { moves.append(S(numbers[index])) }
        }
        for anchor in sample.negatives where range.contains(anchor) {
            rows.append(Int32(offset + anchor))
            isObject.append(0)
        }
    }

    /// The sum of binary cross-entropies over the anchors.
    func objectness(_ map: Variable<S>) -> Variable<S> {
        if rows.isEmpty { return map.nothing }
        return map.reshaped([map.shape.elementCount, 1]).rows(rows)
            .binaryCrossEntropySum(Tensor([rows.count, 1], isObject))
    }

    /// The sum of smooth L1 over those that are of objects.
    func moves(_ map: Variable<S>, beta: Double) -> Variable<S> {
        if positives.isEmpty { return map.nothing }
        return map.reshaped([map.shape.elementCount / 4, 4]).rows(positives)
            .smoothL1(Tensor([positives.count, 4], moves), beta: beta)
    }
}
