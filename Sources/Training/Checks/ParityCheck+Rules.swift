import Autograd
import Datasets
import Detection
import Layers
import Models
import Tasks
import Tensors

extension ParityCheck {
    /// What the rules make of a detector's answers: what is found in evaluation; losses, what was chosen for them, gradients
    /// and running statistics in training.
    static func addRules(_ detector: DetectorFixture<S>, to ours: inout ParityValues<S>) throws {
        let rules = try detector.rules()
        try addDetections(detector, rules, to: &ours)
        let fixture = detector.fixture
        let targets = try detector.targets()
        let tape = Tape<S>()
        let context = Context(detector.store, mode: .training, tape: tape)
        let output = detector.model(Variable(detector.input), context)
        let loss: DetectorLoss<S>
        switch rules {
        case let rules as RegionRules:
            let steps = rules.steps(output, targets, DetectionContext())
            addSteps(detector, rules, steps, targets, to: &ours)
            loss = steps.loss
        case let rules as RetinaNetRules:
            loss = rules.loss(output, targets, DetectionContext())
            if detector.isTorchvision {
                let maps = output.answer.prefix(detector.strides.count).map { Pair($0.shape[1], $0.shape[2]) }
                let assigned = AnchorAssignment(rules, maps, targets)
                for (image, matches) in assigned.matches.enumerated() {
                    ours.add("train.matched.\(image)", shape: [matches.count], matches.map { S($0) })
                }
            }
        default: loss = rules.loss(output, targets, DetectionContext())
        }
        addAnchors(detector, output, to: &ours)
        if detector.isTorchvision { addTransformed(detector, targets, to: &ours) }
        for term in loss.terms { addTerm(detector, term, to: &ours) }
        let parts = loss.terms.flatMap(\.values)
        let total = parts.dropFirst().reduce(parts[0]) { $0 + $1 }
        ours.add("loss.total", total.value)
        tape.backward(from: total)
        ours.addGradients(context, fixture, rename: detector.specification.canonicalName)
        detector.store.apply(context.updates)
        addStatistics(detector, to: &ours)
    }

    /// A part of the loss under the source's name; by level where the source tells each level's.
    private static func addTerm(
        _ detector: DetectorFixture<S>, _ term: DetectorLoss<S>.Term, to ours: inout ParityValues<S>
    ) {
        let words = term.name.split(separator: ".")
        let isCascade = (detector.head as? RegionHeadSpecification)?.stages ?? 1 > 1
        let names: [Substring: String]
        switch (detector.head, detector.isTorchvision) {
        case (is RegionHeadSpecification, true):
            names = [
                "objectness": "loss_objectness", "proposals": "loss_rpn_box_reg", "class": "loss_classifier",
                "box": "loss_box_reg", "mask": "loss_mask",
            ]
        case (is RegionHeadSpecification, false):
            let stage = isCascade ? "s\(words.count > 1 ? String(words[1]) : "0")." : ""
            names = [
                "objectness": "loss_rpn_cls", "proposals": "loss_rpn_bbox", "class": stage + "loss_cls",
                "box": stage + "loss_bbox", "mask": stage + "loss_mask",
            ]
        case (is RepPointsHeadSpecification, _):
            names = ["class": "loss_cls", "initialBox": "loss_pts_init", "box": "loss_pts_refine"]
        case (_, true): names = ["class": "classification", "box": "bbox_regression"]
        default: names = ["class": "loss_cls", "box": "loss_bbox"]
        }
        let name = "loss." + (names[words[0]] ?? term.name)
        var values = term.values.map { $0.value.item }
        if detector.isTorchvision { values = [values.reduce(0, +)] }
        ours.add(name, shape: [values.count], values)
    }

    private static func addAnchors(
        _ detector: DetectorFixture<S>, _ output: ModelOutput<S>, to ours: inout ParityValues<S>
    ) {
        guard let rule = detector.head.anchors(strides: detector.strides) else { return }
        let maps = output.answer.prefix(detector.strides.count).map { Pair($0.shape[1], $0.shape[2]) }
        ours.add(
            "anchors", boxes: rule.boxes(maps: maps, input: Pair(detector.input.shape[1], detector.input.shape[2])))
    }

    /// torchvision's batch, which the fixture holds in single precision.
    private static func addTransformed(
        _ detector: DetectorFixture<S>, _ targets: InstanceTargets, to ours: inout ParityValues<S>
    ) {
        let input = detector.input
        ours.add("transformed.images", map: Tensor(input.shape, input.array.map { S(Float($0)) }))
        let sizes = detector.visible.flatMap { [S($0.height), S($0.width)] }
        ours.add("transformed.sizes", shape: [detector.visible.count, 2], sizes)
        for (image, target) in targets.images.enumerated() {
            ours.add("transformed.\(image).boxes", boxes: target.boxes)
        }
    }

    /// What was chosen on the way to a two-stage detector's loss.
    private static func addSteps(
        _ detector: DetectorFixture<S>, _ rules: RegionRules, _ steps: RegionRules.Steps<S>,
        _ targets: InstanceTargets, to ours: inout ParityValues<S>
    ) {
        if detector.isTorchvision {
            for image in targets.images.indices {
                let labels = steps.matches[image].map { match -> S in
                    match >= 0 ? S(1) : match == Matcher.nothing ? 0 : -1
                }
                ours.add("train.rpn.labels.\(image)", shape: [labels.count], labels)
                ours.add("train.rpn.proposals.\(image)", boxes: steps.proposals[image].boxes)
                let name = "train.sampled.\(image)."
                let (sample, target) = (steps.samples[0][image], targets.images[image])
                let count = sample.boxes.count
                ours.add(name + "boxes", boxes: sample.boxes)
                ours.add(name + "matched", shape: [count], sample.objects.map { S($0 ?? 0) })
                ours.add(
                    name + "labels", shape: [count],
                    sample.objects.map { $0.map { S(Int(target.labels[$0]) + detector.firstLabel) } ?? 0 })
                let coder = BoxCoder(.torchvision, deviations: rules.stages[0].deviations)
                let deltas = zip(sample.boxes, sample.objects).flatMap { box, object -> [S] in
                    guard let object else { return [0, 0, 0, 0] }
                    return coder.encode([target.boxes[object]], from: [box]).map { S($0) }
                }
                ours.add(name + "deltas", shape: [count, 4], deltas)
            }
            return
        }
        for (stage, samples) in steps.samples.enumerated() {
            for (image, sample) in samples.enumerated() {
                let name = "train.s\(stage).\(image)."
                let positives = sample.boxes.indices.filter { sample.objects[$0] != nil }
                let negatives = sample.boxes.indices.filter { sample.objects[$0] == nil }
                ours.add(name + "positive_boxes", boxes: positives.map { sample.boxes[$0] })
                ours.add(name + "positive_gt", shape: [positives.count], positives.map { S(sample.objects[$0] ?? 0) })
                ours.add(name + "negative_boxes", boxes: negatives.map { sample.boxes[$0] })
            }
            let name = steps.samples.count > 1 ? "loss.s\(stage).acc" : "loss.acc"
            // A percentage in the source's single precision.
            let count = Double(samples.reduce(0) { $0 + $1.boxes.count })
            let percentage = Float((steps.rightShares[stage] * count).rounded()) * Float(100 / count)
            ours.add(name, shape: [1], [S(percentage)])
        }
    }

    /// Running statistics after the update.
    private static func addStatistics(_ detector: DetectorFixture<S>, to ours: inout ParityValues<S>) {
        let values = Dictionary(
            detector.store.stateDictionary().map { ($0.name, $0) }
        ) { first, _ in first }
        for tensor in detector.fixture.file.tensors where tensor.name.hasPrefix("after.") {
            let name = String(tensor.name.dropFirst(6))
            guard let array = values[name] ?? values[detector.specification.canonicalName(name)] else { continue }
            ours.add(tensor.name, shape: array.shape, array.values)
        }
    }
}

extension ParityCheck {
    /// What is proposed and found in evaluation, in each image's own pixels.
    private static func addDetections(
        _ detector: DetectorFixture<S>, _ rules: any DetectorRules, to ours: inout ParityValues<S>
    ) throws {
        let output = detector.model(Variable(detector.input), .evaluation(detector.store))
        let size = Pair(detector.input.shape[1], detector.input.shape[2])
        let limits = try detector.limits()
        if let rules = rules as? RegionRules {
            let proposals = rules.evaluationProposals(output.answer, size: size, visible: detector.visible, limits)
            for (image, proposals) in proposals.enumerated() {
                let stored = try detector.boxes("eval.proposals.\(image)")
                ours.add("eval.proposals.\(image)", boxes: proposals.boxes(like: stored, tie: 16 * Double(S.ulpOfOne)))
                if detector.isTorchvision { continue }
                let scores = proposals.scores.map { S($0) }
                ours.add("eval.proposals.\(image).scores", shape: [scores.count], scores)
            }
        }
        let found = rules.detections(output, size: size, visible: detector.visible, limits)
        for (image, objects) in found.enumerated() {
            let name = "detections.\(image)."
            let (original, visible) = (try detector.originalSize(image), detector.visible[image])
            let x = Double(original.width) / Double(visible.width)
            let y = Double(original.height) / Double(visible.height)
            let boxes = objects.map(\.box).map {
                Box(left: $0.left * x, top: $0.top * y, right: $0.right * x, bottom: $0.bottom * y)
            }
            ours.add(name + "boxes", boxes: boxes)
            ours.add(name + "scores", shape: [objects.count], objects.map { S($0.score) })
            ours.add(name + "labels", shape: [objects.count], objects.map { S($0.classIndex + detector.firstLabel) })
            guard rules.answersMasks else { continue }
            let masks = objects.compactMap(\.mask)
            if detector.isTorchvision {
                ours.add(
                    name + "mask_probabilities", shape: [objects.count, 28, 28], masks.flatMap(\.values).map { S($0) })
            }
            let paste = MaskPaste(detector.head.style)
            let pasted = zip(masks, boxes).flatMap { mask, box in
                paste.paste(mask.values, Pair(mask.side), box, original).bitmap.map { S($0) }
            }
            ours.add(name + "masks", shape: [objects.count, original.height, original.width], pasted)
        }
    }
}

extension ParityValues {
    /// Boxes [n, 4].
    fileprivate mutating func add(_ name: String, boxes: [Box]) {
        let sides = boxes.flatMap { [S($0.left), S($0.top), S($0.right), S($0.bottom)] }
        add(name, shape: [boxes.count, 4], sides)
    }
}

extension Proposals {
    /// The boxes, with those of equal scores in the order of others: dead features give the same score at many places, whose
    /// order is not the rules'.
    /// - Parameter tie: scores that differ by no more are equal.
    fileprivate func boxes(like others: [Box], tie: Double) -> [Box] {
        guard others.count == boxes.count else { return boxes }
        func distance(_ a: Box, _ b: Box) -> Double {
            abs(a.left - b.left) + abs(a.top - b.top) + abs(a.right - b.right) + abs(a.bottom - b.bottom)
        }
        var ordered: [Box] = []
        while ordered.count < boxes.count {
            let first = ordered.count
            let end = scores[first...].firstIndex { $0 < scores[first] - tie } ?? boxes.count
            var left = Array(boxes[first..<end])
            for other in others[first..<end] {
                let nearest = left.indices.min { distance(left[$0], other) < distance(left[$1], other) }
                if let nearest { ordered.append(left.remove(at: nearest)) }
            }
        }
        return ordered
    }
}
