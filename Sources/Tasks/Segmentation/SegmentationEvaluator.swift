import Datasets
import Layers
import Reporting
import Tensors

/// Counts what a segmenter says of the pixels of a set.
public struct SegmentationEvaluator: Evaluator {
    private let task: SegmentationTask
    private let options: EvaluationOptions
    private var findings: SegmentationFindings
    private var boundaries: BoundaryScore?
    private var images = 0
    private var loss = 0.0
    private var imageDice = 0.0
    /// How many images have no class but the background, neither in label nor answer.
    private var emptyImages = 0
    /// Images whose answers are kept, whatever they are.
    private let fixed: Set<Int>

    /// How many of the best, the worst and the fixed images are kept.
    private static let kept = 6
    private static let fixedCount = 4

    init(_ task: SegmentationTask, _ options: EvaluationOptions) {
        self.task = task
        self.options = options
        findings = SegmentationFindings(counts: PixelCounts(classes: task.classes))
        if task.configuration.boundaryTolerance > 0 {
            boundaries = BoundaryScore(tolerance: task.configuration.boundaryTolerance, classes: task.classes)
        }
        let count = min(Self.fixedCount, options.images)
        fixed = Set((0..<count).map { (2 * $0 + 1) * options.images / (2 * count) })
    }

    /// Answers at the size of the model's input; images in their own size come by `add(_:mask:index:)`.
    public mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<Masks>) throws {
        let size = batch.targets.size
        for row in 0..<batch.count {
            let mask = Mask(size: size, labels: Array(batch.targets[row]), ignored: batch.targets.ignored)
            let answer = output.answer[0].value.sample(row).pixelAnswers(
                height: size.height, width: size.width, size: size, labels: mask.labels, ignored: mask.ignored)
            try add(answer, mask: mask, index: batch.indices[row])
        }
    }

    /// Adds the answer to an image in its own size.
    /// - Throws: `RecipeError` for scores that are not finite, or what writing a row throws.
    mutating func add(_ answer: PixelAnswers, mask: Mask, index: Int) throws {
        var counts = PixelCounts(classes: task.classes)
        counts.add(answers: answer.classes, labels: mask.labels, ignored: mask.ignored)
        findings.counts += counts
        if options.isComplete, !answer.loss.isFinite {
            throw RecipeError(
                "\(options.name(index)): the model's outputs are not finite, so its weights or its input are beyond use"
            )
        }
        loss += answer.loss
        images += 1
        let dice = counts.meanDice(background: task.settings.background)
        if dice == nil { emptyImages += 1 }
        imageDice += dice ?? 1
        boundaries?.add(answers: answer.classes, labels: mask.labels, size: mask.size, ignored: mask.ignored)
        let own = SegmentationFindings.Answer(
            index: index, size: mask.size, classes: answer.classes, meanIoU: counts.meanIoU)
        if fixed.contains(index) { findings.fixed.append(own) }
        if options.mistakes > 0, let value = own.meanIoU { keep(own, value) }
        if let row = options.row { try write(counts, index, row) }
    }

    private mutating func keep(_ answer: SegmentationFindings.Answer, _ value: Double) {
        func insert(_ list: inout [SegmentationFindings.Answer], isBefore: (Double, Double) -> Bool) {
            let place = list.firstIndex { isBefore(value, $0.meanIoU ?? 0) } ?? list.count
            guard place < Self.kept else { return }
            list.insert(answer, at: place)
            if list.count > Self.kept { list.removeLast() }
        }
        insert(&findings.worst, isBefore: <)
        insert(&findings.best, isBefore: >)
    }

    private func write(_ counts: PixelCounts, _ index: Int, _ row: ([String]) throws -> Void) throws {
        let names = task.vocabulary.classNames
        if images == 1 { try row(["path", "meanIoU", "pixelAccuracy", "dice"] + names.map { "iou(\($0))" }) }
        func field(_ value: Double?) -> String { value.map { CSV.number(Float($0)) } ?? "" }
        try row(
            [
                options.name(index), field(counts.meanIoU), field(counts.pixelAccuracy),
                field(counts.imageDice(background: task.settings.background)),
            ] + names.indices.map { field(counts.intersectionOverUnion($0)) })
    }

    /// The measures over the whole set.
    /// - Throws: `RecipeError` where no pixel counts.
    public mutating func finish() throws -> SegmentationFindings {
        let counts = findings.counts
        guard counts.total > 0 else {
            throw RecipeError(
                "there is nothing to measure: all pixels of the \(images) masks are ignored, see data.ignore")
        }
        var values: [Scores.Value] = []
        func add(_ metric: Metric, _ value: Double?) {
            values.append(Scores.Value(metric: metric, value: value ?? 0))
        }
        add(.meanIoU, counts.meanIoU)
        add(.pixelAccuracy, counts.pixelAccuracy)
        add(.meanDice, counts.meanDice(background: task.settings.background))
        add(.imageDice, imageDice / Double(images))
        add(.meanClassAccuracy, counts.meanClassAccuracy)
        if let boundaries { add(.boundaryF1, boundaries.value) }
        findings.scores = Scores(loss: loss / Double(counts.total), count: images, values: values)
        let names = task.vocabulary.classNames
        let undefined = counts.undefined
        if !undefined.isEmpty {
            let some = undefined.prefix(8).map { names[$0] }.joined(separator: ", ")
            findings.notices.append(
                "\(undefined.count) of \(names.count) classes are in neither labels nor answers, so they are in no mean: "
                    + some + (undefined.count > 8 ? ", ..." : "") + ".")
        }
        if emptyImages > 0, options.isComplete {
            findings.notices.append(
                "\(emptyImages) images have none of the classes that Dice is of, in neither label nor answer; they count "
                    + "as 1 in the mean Dice per image.")
        }
        return findings
    }
}
