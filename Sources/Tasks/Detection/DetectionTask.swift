import Autograd
import Datasets
import Distillation
import Distributed
import JSON
import Layers
import Models
import Reporting
import Tensors

/// Detection: objects in boxes, of one class each, and the pixels of each where the task is `instances`. What the model's
/// answer costs and means is its head's rules.
public struct DetectionTask: LearningTask {
    /// A name for each class.
    public let vocabulary: Vocabulary
    /// What goes with the weights.
    package let settings: DetectionSettings
    /// What answers cost and mean.
    package let rules: any DetectorRules
    /// Whether masks are learnt and measured.
    package let learnsMasks: Bool

    /// How many classes the model tells apart.
    var classes: Int { vocabulary.classNames.count }

    /// - Throws: `RecipeError` where the vocabulary's settings are of no detector that this program knows.
    init(_ vocabulary: Vocabulary, keys: DetectorLossKeys, learnsMasks: Bool) throws {
        self.vocabulary = vocabulary
        self.learnsMasks = learnsMasks
        settings = try DetectionSettings(vocabulary.settings, classes: vocabulary.classNames.count)
        rules = try settings.rules(keys)
    }

    /// COCO's average precision, which decides, and the same at single overlaps; of masks, too, where they are learnt.
    public var metrics: [Metric] {
        [.averagePrecision, .averagePrecision50, .averagePrecision75]
            + (learnsMasks ? [.maskAveragePrecision, .maskAveragePrecision50] : [])
    }

    /// Objects in the input's pixels.
    public func collator(training: Bool) -> InstanceCollator { InstanceCollator(learnsMasks: learnsMasks) }

    /// No: the answer and what is said of regions.
    public var readsMaps: Bool { false }

    /// The losses of the head's rules.
    public func loss(
        _ output: consuming ModelOutput<Float>, _ batch: Batch<InstanceTargets>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let found = rules.loss(
            output, batch.targets, DetectionContext(key: context.random.derived("detection"), first: batch.first))
        let terms = found.terms.map { term -> TaskLoss.Term in
            let weighted = term.values.reduce(0) { $0 + Double($1.value.item) }
            return TaskLoss.Term(
                name: term.name, raw: term.weight == 0 ? 0 : weighted / term.weight, weighted: weighted)
        }
        return TaskLoss(total: found.total, terms: terms)
    }

    /// What the head's rules divide by.
    public func lossDivisor(_ target: InstanceTargets) -> Double? { rules.divisor(target) }

    /// What measures answers.
    public func evaluator(_ options: EvaluationOptions) -> DetectionEvaluator { DetectionEvaluator(self, options) }

    /// Over the loader's images in batches of a size that the images' size alone decides, so that numbers do not depend on
    /// the recipe's batches. Processes that work together share them.
    public func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<InstanceCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> DetectionFindings {
        let plan = loader.plan
        let own = BatchLoader(
            loader.dataset, transform: try Transform(plan, mode: .evaluation), collator: collator(training: false),
            options: LoaderOptions(
                batchSize: Self.together(height: plan.height, width: plan.width), threads: 1, cacheBudget: 0))
        var evaluator = evaluator(options)
        own.start(epoch: 0)
        try ProcessGroup.current.share(own.next) { batch in
            evaluator.answers(model.answer(Variable(Tensor(batch)), .evaluation(store)), batch.targets)
        } take: { batch, answers in
            try evaluator.add(answers, batch)
            try each(batch.count)
        }
        return try evaluator.finish()
    }

    /// How many images go through the model at once.
    private static func together(height: Int, width: Int) -> Int { max(1, min(16, (1 << 19) / (height * width))) }

    /// A second stage may find no object to learn from, and a gate of classes no objects at all.
    public var reachesAllParameters: Bool { true }

    /// The threshold of the best F1 goes with the weights.
    public func settings(after findings: DetectionFindings) -> JSONValue? {
        var settings = settings
        settings.threshold = findings.threshold
        return settings.json
    }

    /// Class scores of every place as rows, those of all levels one behind the other; two-stage detectors have objectness
    /// there.
    public func classRows(_ output: ModelOutput<Float>) -> Variable<Float> { output.answer[0] }

    /// The boxes to be found; crowds are not among them.
    public func regions(_ target: InstanceTargets) -> LossRegions? {
        LossRegions(
            boxes: target.images.map { image in
                image.boxes.map { LossBox(left: $0.left, top: $0.top, right: $0.right, bottom: $0.bottom) }
            }, size: target.size, validSizes: target.images.map(\.visible))
    }

    /// Yes.
    public var tellsMotions: Bool { true }

    /// What objects were moved by.
    public func motions(_ target: InstanceTargets) -> [Motion]? {
        let motions = target.images.compactMap(\.located.motion)
        return motions.count == target.images.count ? motions : nil
    }

    /// Of heads with anchors: their classes, or the objectness of a first stage.
    public func headAnswers(_ student: ModelOutput<Float>, _ teacher: [Variable<Float>]) -> HeadAnswers<Float>? {
        guard let classes = anchoredClasses else { return nil }
        return HeadAnswers(student: student.answer, teacher: teacher.map(\.value), classes: classes)
    }

    /// The classes, or objectness alone for a first stage.
    public var anchoredClasses: Int? {
        guard settings.head.anchorShape != nil else { return nil }
        return settings.head is RegionHeadSpecification ? 1 : settings.head.classes
    }
}

extension DetectionSettings {
    /// What answers cost and mean.
    /// - Throws: `RecipeError` for a head without rules here.
    func rules(_ keys: DetectorLossKeys) throws -> any DetectorRules {
        switch head {
        case let head as RetinaNetHeadSpecification:
            return RetinaNetRules(
                anchors: head.anchors.rule(head.style, strides: strides), classes: head.classes, keys: keys)
        case let head as RepPointsHeadSpecification: return RepPointsRules(head, strides: strides, keys)
        case let head as RegionHeadSpecification: return RegionRules(head, strides: strides, keys)
        default:
            throw RecipeError(
                "the head \(type(of: head).name) has no rules of training, expected one of retinanet, reppoints or rcnn"
            )
        }
    }
}

extension DetectorLoss {
    /// The sum of all parts, [].
    package var total: Variable<S> { Variable.total(terms.flatMap(\.values)) }
}

extension Metric {
    /// COCO's average precision of boxes, the mean over overlaps of 0.5 to 0.95.
    public static let averagePrecision = Metric("AP", title: "AP")
    /// At an overlap of 0.5.
    public static let averagePrecision50 = Metric("AP50", title: "AP50")
    /// At an overlap of 0.75.
    public static let averagePrecision75 = Metric("AP75", title: "AP75")
    /// COCO's average precision of masks.
    public static let maskAveragePrecision = Metric("maskAP", title: "mask AP")
    /// At an overlap of 0.5.
    public static let maskAveragePrecision50 = Metric("maskAP50", title: "mask AP50")
}
