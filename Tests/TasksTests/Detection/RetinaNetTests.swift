import Autograd
import Datasets
import Detection
import Foundation
import JSON
import Layers
import Models
import Tasks
import Tensors
import Testing

/// One level of 2 x 2 places with one square anchor of 8 pixels each, 8 pixels apart; two classes.
private struct OneLevel {
    let style: DetectorStyle
    var keys = DetectorLossKeys()
    let size = Pair(16)

    var rules: RetinaNetRules {
        RetinaNetRules(
            anchors: AnchorRule(style: style, sizes: [[8]], ratios: [1], strides: [8]), classes: 2, keys: keys)
    }

    func output<S: Scalar>(_ logits: [S], _ deltas: [S], tape: Tape<S>? = nil) -> ModelOutput<S> {
        let images = logits.count / 8
        func variable(_ tensor: Tensor<S>) -> Variable<S> { tape?.leaf(tensor) ?? Variable(tensor) }
        return ModelOutput(
            answer: [
                variable(Tensor([images, 2, 2, 2], logits)), variable(Tensor([images, 2, 2, 4], deltas)),
            ], features: [])
    }

    func target(_ boxes: [Box], _ labels: [Int32], crowds: [Box] = []) -> InstanceTarget {
        InstanceTarget(
            boxes: boxes, labels: labels, crowds: crowds, visible: size,
            located: LocatedInstances(identifier: 0, original: Instances(size: size, items: [])))
    }

    func loss<S: Scalar>(_ output: ModelOutput<S>, _ images: [InstanceTarget]) -> [String: Double] {
        let found = rules.loss(output, InstanceTargets(size: size, images: images), DetectionContext())
        return Dictionary(
            uniqueKeysWithValues: found.terms.map { term in
                (term.name, term.values.reduce(0) { $0 + Double($1.value.item) })
            })
    }
}

/// The focal loss of one logit.
private func focal(_ logit: Double, _ isObject: Bool) -> Double {
    let p = 1 / (1 + exp(-logit))
    let (alpha, wrong) = isObject ? (0.25, 1 - p) : (0.75, p)
    return -alpha * wrong * wrong * log(1 - wrong)
}

@Suite struct RetinaNetLossTests {
    /// The anchor at (8, 8) lies exactly on (4, 4, 12, 12); the anchors at the other places overlap it by less than 0.4.
    private let object = box(4, 4, 12, 12)
    private let logits: [Double] = [0.5, -1, 0.2, -2, 1, 0.3, -0.7, 0.9]
    private let deltas: [Double] = (0..<16).map { Double($0) / 10 }

    @Test(arguments: DetectorStyle.allCases) func lossesOfOneObjectAreTheirFormulas(style: DetectorStyle) {
        let level = OneLevel(style: style)
        let found = level.loss(level.output(logits, deltas), [level.target([object], [1])])
        let expected = logits.enumerated().reduce(0.0) { $0 + focal($1.element, $1.offset == 7) }
        #expect(abs(found["class"]! - expected) < 1e-12)
        // The last anchor's four numbers should all be 0.
        #expect(abs(found["box"]! - (1.2 + 1.3 + 1.4 + 1.5)) < 1e-12)
    }

    @Test func stylesDivideBatchesInTheirOwnWays() {
        // Two objects that share no anchor in the first image, none in the second.
        let both = [object, box(-4, -4, 4, 4)]
        func found(_ style: DetectorStyle) -> [String: Double] {
            let level = OneLevel(style: style)
            return level.loss(
                level.output(logits + logits, deltas + deltas),
                [level.target(both, [1, 0]), level.target([], [])])
        }
        let first = logits.enumerated().reduce(0.0) { $0 + focal($1.element, $1.offset == 7 || $1.offset == 0) }
        let second = logits.reduce(0.0) { $0 + focal($1, false) }
        let distance = 1.2 + 1.3 + 1.4 + 1.5 + 0.1 + 0.2 + 0.3
        // torchvision: each image by its own anchors, 2 and at least 1; then the mean.
        #expect(abs(found(.torchvision)["class"]! - (first / 2 + second) / 2) < 1e-12)
        #expect(abs(found(.torchvision)["box"]! - distance / 2 / 2) < 1e-12)
        // mmdetection: all by 2 + 1.
        #expect(abs(found(.mmdetection)["class"]! - (first + second) / 3) < 1e-12)
        #expect(abs(found(.mmdetection)["box"]! - distance / 3) < 1e-12)
    }

    @Test(arguments: DetectorStyle.allCases) func anImageWithoutObjectsHasAZeroLossOfBoxesWithZeroGradients(
        style: DetectorStyle
    ) {
        let level = OneLevel(style: style)
        let tape = Tape<Double>()
        let output = level.output(logits, deltas, tape: tape)
        let found = level.rules.loss(
            output, InstanceTargets(size: level.size, images: [level.target([], [])]), DetectionContext())
        tape.backward(from: found.total)
        #expect(found.terms[1].values[0].value.item == 0)
        #expect(tape.gradient(of: output.answer[1])?.array.allSatisfy { $0 == 0 } == true)
        #expect(tape.gradient(of: output.answer[0])?.array.allSatisfy { $0 > 0 } == true)
    }

    @Test func crowdsAreBackgroundOrCountForNothingAsTheKeySays() {
        var level = OneLevel(style: .mmdetection)
        let crowd = box(3, 3, 13, 13)
        let all = logits.reduce(0.0) { $0 + focal($1, false) }
        let dropped = level.loss(level.output(logits, deltas), [level.target([], [], crowds: [crowd])])
        #expect(abs(dropped["class"]! - all) < 1e-12)
        level.keys.crowd = .ignore
        let ignored = level.loss(level.output(logits, deltas), [level.target([], [], crowds: [crowd])])
        #expect(abs(ignored["class"]! - (all - focal(-0.7, false) - focal(0.9, false))) < 1e-12)
    }

    @Test(arguments: [DetectorLossKeys.Kind.smoothL1, .iou, .giou, .diou, .ciou])
    func otherLossesOfBoxesAreZeroWhereTheBoxIsRight(kind: DetectorLossKeys.Kind) {
        var level = OneLevel(style: .mmdetection)
        level.keys.box = kind
        let right = level.loss(
            level.output(logits, [Double](repeating: 0, count: 16)), [level.target([object], [1])])
        #expect(abs(right["box"]!) < 1e-6)
        let wrong = level.loss(level.output(logits, deltas), [level.target([object], [1])])
        #expect(wrong["box"]! > 0.01)
    }

    @Test func theGradientsOfLogitsThatNobodyElseHasLieWhereTheyLay() async {
        await #expect(processExitsWith: .success) {
            let (side, classes) = (64, 80)
            let level = OneLevel(style: .torchvision)
            let rules: any DetectorRules = RetinaNetRules(anchors: level.rules.anchors, classes: classes)
            let targets = InstanceTargets(
                size: Pair(8 * side), images: [level.target([box(4, 4, 12, 12)], [70]), level.target([], [])])
            let tape = Tape<Float>()
            func output() -> ModelOutput<Float> {
                ModelOutput(
                    answer: [
                        tape.leaf(Tensor([2, side, side, classes], repeating: -4)),
                        tape.leaf(.zeros([2, side, side, 4])),
                    ], features: [])
            }
            let kept = output()
            let expected = rules.loss(kept, targets, DetectionContext()).terms.map { $0.values[0].value.item }
            let block = 2 * side * side * classes * MemoryLayout<Float>.stride
            let pool = StoragePool.shared
            let before = pool.statistics.bytesInUse
            pool.resetPeak()
            let loss = rules.loss(output(), targets, DetectionContext())
            #expect(loss.terms.map { $0.values[0].value.item } == expected)
            #expect(pool.statistics.peakBytesInUse < before + block * 3 / 2)
            // Who keeps the answer has it as it was.
            #expect(kept.answer[0].value.array.allSatisfy { $0 == -4 })
        }
    }

    @Test func weightsMultiplyTheParts() {
        var level = OneLevel(style: .torchvision)
        let plain = level.loss(level.output(logits, deltas), [level.target([object], [1])])
        level.keys.classWeight = 0.5
        level.keys.boxWeight = 3
        let weighted = level.loss(level.output(logits, deltas), [level.target([object], [1])])
        #expect(abs(weighted["class"]! - plain["class"]! / 2) < 1e-12)
        #expect(abs(weighted["box"]! - plain["box"]! * 3) < 1e-12)
    }
}

@Suite struct RetinaNetDetectionTests {
    private let level = OneLevel(style: .torchvision)

    private func found(
        _ logits: [Double], deltas: [Double] = [Double](repeating: 0, count: 16), _ limits: DetectionLimits,
        visible: Pair = Pair(16)
    ) -> [Tasks.DetectedObject] {
        level.rules.detections(level.output(logits, deltas), size: level.size, visible: [visible], limits)[0]
    }

    @Test func objectsAreThoseAboveTheThresholdBySinkingScore() {
        let objects = found([3, -9, -9, -9, -9, -9, -9, 2], DetectionLimits())
        #expect(objects.map(\.classIndex) == [0, 1])
        #expect(abs(objects[0].score - 1 / (1 + exp(-3.0))) < 1e-15)
        // The anchor at (0, 0) is cut off by the image's edges.
        #expect(objects.map(\.box) == [box(0, 0, 4, 4), box(4, 4, 12, 12)])
    }

    @Test func boxesAreMovedAndClippedToTheImage() {
        var deltas = [Double](repeating: 0, count: 16)
        deltas[12...15] = [0.25, 0, log(2), 0]
        let objects = found([-9, -9, -9, -9, -9, -9, 4, -9], deltas: deltas, DetectionLimits(), visible: Pair(16, 14))
        #expect(objects.count == 1)
        // Center at 8 + 2, 16 wide: from 2 to 18, of which the image has 14.
        #expect(abs(objects[0].box.left - 2) < 1e-12 && objects[0].box.right == 14)
    }

    @Test func theSurerOfTwoOfAClassThatOverlapStays() {
        // All four anchors move to the middle: two of class 0, two of class 1.
        var deltas = [Double](repeating: 0, count: 16)
        deltas[0...1] = [1, 1]
        deltas[4...5] = [0, 1]
        deltas[8...9] = [1, 0]
        let objects = found([2, -9, 1, -9, -9, 0.5, -9, 0], deltas: deltas, DetectionLimits())
        #expect(objects.map(\.classIndex) == [0, 1])
        var limits = DetectionLimits()
        limits.overlap = 1
        #expect(found([2, -9, 1, -9, -9, 0.5, -9, 0], deltas: deltas, limits).count == 4)
        limits.most = 3
        #expect(found([2, -9, 1, -9, -9, 0.5, -9, 0], deltas: deltas, limits).map(\.classIndex) == [0, 0, 1])
        limits.perLevel = 1
        #expect(found([2, -9, 1, -9, -9, 0.5, -9, 0], deltas: deltas, limits).count == 1)
    }

    @Test func answersThatAreNoNumbersAreNoObjects() {
        var deltas = [Double](repeating: 0, count: 16)
        deltas[2] = .nan
        #expect(found([3, .nan, -9, -9, -9, -9, -9, -9], deltas: deltas, DetectionLimits()).isEmpty)
    }
}
