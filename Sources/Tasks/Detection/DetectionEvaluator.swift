import Datasets
import Detection
import Layers
import Reporting
import Tensors

/// Measures what a detector says of the images of a set, in their own pixels.
public struct DetectionEvaluator: Evaluator {
    private let task: DetectionTask
    private let options: EvaluationOptions
    private var boxes: CocoEvaluator
    private var masks: CocoEvaluator?
    private var answers: [DetectionFindings.Answer] = []
    private var loss = 0.0
    private var objects = 0

    /// How many images stay the same in all snapshots.
    private static let fixedCount = 4

    init(_ task: DetectionTask, _ options: EvaluationOptions) {
        self.task = task
        self.options = options
        boxes = CocoEvaluator(classes: task.classes)
        if task.learnsMasks { masks = CocoEvaluator(classes: task.classes, kind: .masks) }
    }

    /// Whether more is wanted than an epoch's line has.
    private var wantsAll: Bool { options.isComplete || options.mistakes > 0 }

    /// - Throws: `RecipeError` for outputs that are not finite where everything is asked for.
    public mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<InstanceTargets>) throws {
        try add(answers(output, batch.targets), batch)
    }

    /// What an output says of each image, and its loss.
    func answers(_ output: ModelOutput<Float>, _ targets: InstanceTargets) -> [ImageAnswer] {
        let found = task.rules.detections(
            output, size: targets.size, visible: targets.images.map(\.visible), task.settings.limits)
        return found.enumerated().map { row, objects in
            let own = task.rules.loss(output.image(row), targets.part(row..<row + 1), DetectionContext())
            return ImageAnswer(
                objects: objects,
                loss: own.terms.reduce(0) { $0 + $1.values.reduce(0) { $0 + Double($1.value.item) } })
        }
    }

    /// Adds the answers to a batch.
    mutating func add(_ answers: [ImageAnswer], _ batch: Batch<InstanceTargets>) throws {
        for (row, (target, answer)) in zip(batch.targets.images, answers).enumerated() {
            if options.isComplete, !answer.loss.isFinite {
                throw RecipeError(
                    "\(options.name(batch.indices[row])): the model's outputs are not finite, so its weights or its input "
                        + "are beyond use")
            }
            loss += answer.loss
            add(answer.objects, target.located, index: batch.indices[row])
        }
    }

    private mutating func add(_ found: [DetectedObject], _ located: LocatedInstances, index: Int) {
        let original = located.original
        let moved = found.moved(
            back: located.motion ?? .identity(original.size), masks: masks != nil ? task.settings.head.style : nil)
        boxes.add(image: Int64(index), original, detections: moved)
        masks?.add(image: Int64(index), original, detections: moved)
        answers.append(DetectionFindings.Answer(index: index, identifier: located.identifier, objects: moved))
        objects += original.items.count { !$0.isCrowd }
    }

    /// COCO's numbers, the threshold of the best F1, and what each image has of it.
    /// - Throws: what writing a row throws.
    public mutating func finish() throws -> DetectionFindings {
        let ofBoxes = boxes.finish()
        var findings = DetectionFindings(boxes: ofBoxes, masks: masks?.finish(), answers: answers)
        findings.threshold = ofBoxes.outcomes.bestScore
        findings.kept = task.settings.threshold
        findings.scores = Scores(
            loss: loss / Double(max(1, answers.count)), count: answers.count, values: values(findings))
        findings.tally()
        let kept = min(Self.fixedCount, answers.count)
        findings.fixed = (0..<kept).map { (2 * $0 + 1) * answers.count / (2 * kept) }
        if wantsAll { findings.confusion = boxes.confusion(score: findings.shown) }
        addNotices(&findings)
        if let row = options.row { try write(findings, row) }
        return findings
    }

    /// The metrics of the task, the one that decides first, and then COCO's other numbers; -1 where there are no objects that
    /// one could be of.
    private func values(_ findings: DetectionFindings) -> [Scores.Value] {
        let own = task.metrics.map { metric -> Scores.Value in
            let value: Double =
                switch metric {
                case .averagePrecision: findings.boxes.stats[0]
                case .averagePrecision50: findings.boxes.stats[1]
                case .averagePrecision75: findings.boxes.stats[2]
                case .maskAveragePrecision: findings.masks?.stats[0] ?? -1
                default: findings.masks?.stats[1] ?? -1
                }
            return Scores.Value(metric: metric, value: value)
        }
        return own + (3..<12).map { Scores.Value(metric: .coco($0), value: findings.boxes.stats[$0]) }
    }

    private func addNotices(_ findings: inout DetectionFindings) {
        let limits = task.settings.limits
        if objects == 0 {
            findings.notices.append(
                "None of the \(answers.count) images has an object, so there is no average precision.")
        } else if answers.allSatisfy(\.objects.isEmpty) {
            findings.notices.append(
                "The model found nothing that it is surer of than \(NumberText.fixed(limits.score, decimals: 2)) "
                    + "(evaluation.scoreThreshold), so the average precision is 0.")
        }
    }

    private func write(_ findings: DetectionFindings, _ row: ([String]) throws -> Void) throws {
        try row(["path", "objects", "found", "missed", "wrong", "answers"])
        for answer in findings.answers {
            let counts = [
                answer.found + answer.missed, answer.found, answer.missed, answer.wrong, answer.objects.count,
            ]
            try row([options.name(answer.index)] + counts.map(String.init))
        }
    }
}

extension [DetectedObject] {
    /// The same in the pixels of the image that was moved into the input, masks pasted there; by falling score.
    /// - Parameter style: whose way masks are pasted; nil leaves them out.
    func moved(back motion: Motion, masks style: DetectorStyle?) -> [Detection.DetectedObject] {
        let paste = style.map { MaskPaste($0) }
        return map { object in
            let corners = object.box.corners.map { motion.source(of: $0) }
            let box = (Box(around: corners) ?? object.box).clipped(to: motion.source)
            let mask = paste.flatMap { paste in
                object.mask.map { paste.paste($0.values, Pair($0.side), box, motion.source) }
            }
            return Detection.DetectedObject(
                classIndex: object.classIndex, score: object.score, box: box, mask: mask)
        }
    }
}

extension Metric {
    /// One of COCO's twelve numbers of boxes, by its place.
    static func coco(_ index: Int) -> Metric {
        let titles = [
            "AP", "AP50", "AP75", "AP (small)", "AP (medium)", "AP (large)", "AR (1 answer)", "AR (10 answers)",
            "AR (100 answers)", "AR (small)", "AR (medium)", "AR (large)",
        ]
        return Metric(CocoFindings.names[index], title: titles[index])
    }
}
