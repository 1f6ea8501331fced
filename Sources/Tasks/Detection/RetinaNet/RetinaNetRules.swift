import Autograd
import Datasets
import Detection
import Foundation
import Layers
import Models
import Tensors

/// The rules of RetinaNet (Lin et al., arXiv 1708.02002): each anchor says of each class whether it is an object of it, by the
/// focal loss, and where its box is.
///
/// By torchvision's rules the losses of each image are divided by its number of anchors with an object, and averaged over the
/// images; by mmdetection's those of the batch are divided by the sum of these numbers. An image counts with 1 at least.
package struct RetinaNetRules: DetectorRules {
    /// The boxes at each place of each level, and whose rules hold.
    package var anchors: AnchorRule
    /// How many classes there are.
    package var classes: Int
    /// What of the rules is chosen otherwise.
    package var keys: DetectorLossKeys
    /// By mmdetection's rules anchors count that lie within an image's size rounded up to a multiple of this.
    package var paddingMultiple = 32

    /// - Parameter anchors: of all levels from fine to coarse.
    package init(anchors: AnchorRule, classes: Int, keys: DetectorLossKeys = DetectorLossKeys()) {
        (self.anchors, self.classes, self.keys) = (anchors, classes, keys)
    }

    /// Whose rules hold where they differ.
    package var style: DetectorStyle { anchors.style }
    /// How boxes are told from anchors.
    package var coder: BoxCoder { BoxCoder(style) }
    /// Which anchor learns which object.
    package var matcher: Matcher {
        let high = keys.high ?? 0.5
        return Matcher(
            high: high, low: min(high, keys.low ?? 0.4),
            lowQuality: style == .torchvision ? .ownBest : .inOrder(least: 0))
    }

    /// Of each level: class logits [N, h, w, A K] and how boxes move [N, h, w, 4 A].
    private func parts<S: Scalar>(_ output: ModelOutput<S>) -> (logits: [Variable<S>], deltas: [Variable<S>]) {
        let levels = anchors.levels
        require(
            output.answer.count == 2 * levels, "RetinaNetRules", output.answer.map(\.shape),
            "an answer has classes and boxes for each of \(levels) levels")
        return (Array(output.answer[..<levels]), Array(output.answer[levels...]))
    }

    @specialized(where S == Float)
    package func loss<S: Scalar>(
        _ output: consuming ModelOutput<S>, _ targets: InstanceTargets, _ context: DetectionContext
    ) -> DetectorLoss<S> {
        var logits = parts(output).logits
        let deltas = parts(output).deltas
        let assigned = AnchorAssignment(self, logits.map { Pair($0.shape[1], $0.shape[2]) }, targets)
        logits[0].tape?.profile?.note(.assignment)
        // Those of all classes are the largest of all tensors. If nobody else has them, their gradients lie where they lay.
        _ = consume output
        logits.reverse()
        var classes: [Variable<S>] = []
        while let own = logits.popLast() {
            classes.append(classLoss(consume own, assigned, level: classes.count))
        }
        return DetectorLoss([
            .init("class", classes, weight: keys.classWeight),
            .init("box", deltas.indices.map { boxLoss(deltas[$0], assigned, level: $0) }, weight: keys.boxWeight),
        ])
    }

    /// By mmdetection's rules the number of anchors that learn an object; maps are as large as the input divided by their
    /// strides, rounded up.
    package func divisor(_ targets: InstanceTargets) -> Double? {
        guard style == .mmdetection else { return nil }
        let maps = anchors.strides.map { stride in
            Pair((targets.size.height + stride - 1) / stride, (targets.size.width + stride - 1) / stride)
        }
        return AnchorAssignment(self, maps, targets).learners
    }

    private func classLoss<S: Scalar>(
        _ logits: consuming Variable<S>, _ assigned: AnchorAssignment, level: Int
    ) -> Variable<S> {
        let labels = assigned.labels[level]
        let rows = logits.reshaped([labels.count, classes])
        _ = consume logits
        // One divisor for all is taken afterwards.
        if Set(assigned.shares).count == 1 {
            return (consume rows).sigmoidFocal(labels, alpha: keys.alpha, gamma: keys.gamma)
                .scaled(by: S(keys.classWeight * assigned.shares[0]))
        }
        return (consume rows).sigmoidFocal(
            labels, alpha: keys.alpha, gamma: keys.gamma, shares: assigned.shares.map { keys.classWeight * $0 })
    }

    private func boxLoss<S: Scalar>(
        _ deltas: Variable<S>, _ assigned: AnchorAssignment, level: Int
    ) -> Variable<S> {
        let found = assigned.objects[level]
        let rows = deltas.reshaped([deltas.shape.elementCount / 4, 4])
        guard !found.isEmpty else { return rows.nothing }
        let chosen = rows.rows(found.map(\.row))
        let weights = found.map { S(keys.boxWeight * assigned.shares[$0.image]) }
        func tensor(_ numbers: [Double]) -> Tensor<S> { Tensor([found.count, 4], numbers.map { S($0) }) }
        func sides(_ boxes: [Box]) -> Tensor<S> { tensor(boxes.flatMap { [$0.left, $0.top, $0.right, $0.bottom] }) }
        switch keys.box ?? .l1 {
        case .l1, .smoothL1:
            let targets = coder.encode(found.map(\.box), from: found.map(\.anchor))
            let beta = keys.box == .smoothL1 ? keys.beta ?? 1.0 / 9 : 0
            return chosen.smoothL1(tensor(targets), beta: beta, weights: Tensor([found.count, 1], weights))
        case .iou: return overlap(.iou)
        case .giou: return overlap(.giou)
        case .diou: return overlap(.diou)
        case .ciou: return overlap(.ciou)
        }
        func overlap(_ measure: BoxMeasure) -> Variable<S> {
            chosen.decodedBoxes(
                sides(found.map(\.anchor)), deviations: coder.deviations, clampsSmall: coder.clampsSmall
            ).boxLoss(sides(found.map(\.box)), kind: measure, weights: Tensor([found.count], weights))
        }
    }

    @specialized(where S == Float)
    package func detections<S: Scalar>(
        _ output: ModelOutput<S>, size: Pair, visible: [Pair], _ limits: DetectionLimits
    ) -> [[DetectedObject]] {
        let (logits, deltas) = parts(output)
        let places = logits.indices.map { level in
            anchors.boxes(
                level: level, map: Pair(logits[level].shape[1], logits[level].shape[2]), input: size)
        }
        let least: S = limits.score > 0 ? S(log(limits.score / (1 - limits.score))) : -S.infinity
        return visible.enumerated().map { image, visible in
            var found: [DetectedObject] = []
            for level in logits.indices {
                let anchors = places[level]
                let count = anchors.count * classes
                logits[level].value.read { logits in
                    let own = UnsafeBufferPointer(start: logits + image * count, count: count)
                    deltas[level].value.read { deltas in
                        let moves = deltas + image * anchors.count * 4
                        for index in Ranking.top(own, limits.perLevel, above: least) {
                            let anchor = index / classes
                            let four = moves + 4 * anchor
                            let box = coder.decode(
                                SIMD4(Double(four[0]), Double(four[1]), Double(four[2]), Double(four[3])),
                                from: anchors[anchor])
                            guard box.isFinite else { continue }
                            let clipped = box.clipped(to: visible)
                            // mmdetection leaves out what lies beside the image.
                            guard style == .torchvision || clipped.isLarge(0, style) else { continue }
                            found.append(
                                DetectedObject(
                                    box: clipped, classIndex: index % classes,
                                    score: 1 / (1 + exp(-Double(own[index])))))
                        }
                    }
                }
            }
            return found.suppressed(limits)
        }
    }
}

extension Box {
    /// Whether all sides are numbers.
    package var isFinite: Bool { left.isFinite && top.isFinite && right.isFinite && bottom.isFinite }
}
