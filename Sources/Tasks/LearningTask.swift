// Tasks: what is learned. Here is what all tasks share; a task is a folder beside it, and a line in TaskRegistry.

import Autograd
import Datasets
import Distillation
import JSON
import Layers
import Reporting
import Tensors

/// What a run learns: it owns what is said of an image, the targets of a batch, the loss, and the measure. Whoever trains,
/// evaluates, distills or reports asks it, and knows metrics and findings, never classes and logits.
///
/// A task is a value without values of its own that training changes; what it learns of its losses is its `state`. The
/// model is handed in with its answer, so that one task serves any backbone and any head that answers as it expects.
public protocol LearningTask: Sendable {
    /// What is said of one image: a class, a mask, boxes.
    associatedtype Annotation: Datasets.Annotation
    /// What the answers to a batch are compared with.
    associatedtype Target: Targets
    /// What makes the targets of a batch.
    associatedtype TargetCollator: Collator<Annotation, Target>
    /// What measures answers.
    associatedtype Measure: Evaluator<Target>

    /// What the model's outputs mean.
    var vocabulary: Vocabulary { get }
    /// What an evaluation measures, beside the loss; the first one chooses the best weights.
    var metrics: [Metric] { get }
    /// What the training step measures of its own batch, `TaskLoss.measured`; nil for nothing.
    var trainingMetric: Metric? { get }
    /// What makes targets.
    /// - Parameter training: whether for training, where images may be mixed with each other.
    func collator(training: Bool) -> TargetCollator
    /// The loss of a batch in that update of the run, counted from 0. A task that takes the output (`consuming`) has its memory
    /// for gradients where nobody else looks at it.
    func loss(
        _ output: consuming ModelOutput<Float>, _ batch: Batch<Target>, _ context: Context<Float>, update: Int
    ) -> TaskLoss
    /// By what the loss of these targets is divided, where that is known before any answer is, and is not the number of
    /// images: the weights of the pixels that count, say. The slices of a batch (`training.slices`) then count by it in the
    /// batch's loss, as if it had been divided once by the sum. nil, as by default, where slices count by their images: what a
    /// loss is divided by is then that of each slice.
    func lossDivisor(_ target: Target) -> Double?
    /// Something that measures answers to the batches of one part of the data.
    func evaluator(_ options: EvaluationOptions) -> Measure
    /// Runs a model in evaluation mode over a part of the data and measures its answers; by default over the loader's
    /// batches, the last partial one included. A task whose images are evaluated in other sizes than they are trained in
    /// goes over the loader's data set by itself.
    /// - Parameter each: called with the number of images that were measured since the last time.
    func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<TargetCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> Measure.Findings
    /// What stands for the answers to a batch and to its mirrored images together; nil, as by default, without such a mean.
    func averaged(_ output: ModelOutput<Float>, _ mirrored: ModelOutput<Float>) -> ModelOutput<Float>?
    /// Whether the default `measure` looks at nothing of an output but its answer, so that processes that work together may
    /// share the batches; otherwise each of them measures all.
    var measuresAnswersAlone: Bool { get }

    /// Whether `loss` looks at the maps of an output; yes by default. Without, training does not keep them for it.
    var readsMaps: Bool { get }
    /// Whether a parameter that no gradient reaches is a mistake.
    var reachesAllParameters: Bool { get }
    /// Whether batches are mixed in training, so that an image is not the same in every epoch.
    var mixesImages: Bool { get }
    /// What the task has learnt of its losses so far, saved with the state of a run.
    var state: JSONValue { get }
    /// Takes over a saved state.
    func restore(_ state: JSONValue)

    /// The answer as rows of class scores [rows, classes], which a student's and a teacher's are compared by.
    func classRows(_ output: ModelOutput<Float>) -> Variable<Float>
    /// The same for a teacher's answer, with as many rows as a student's has; by default its own rows.
    func classRows(_ output: ModelOutput<Float>, like other: ModelOutput<Float>) -> Variable<Float>
    /// Whether `rowLabels` gives a class for each row; without, losses of distillation that need them are refused.
    var hasRowLabels: Bool { get }
    /// The class of each row.
    func rowLabels(_ target: Target) -> [Int32]
    /// Where the objects of a batch are, for losses of distillation that look there; nil, as by default, for tasks without
    /// objects.
    func regions(_ target: Target) -> LossRegions?
    /// Whether `motions` tells.
    var tellsMotions: Bool { get }
    /// How each image of a batch moved from where it was decoded into the input; nil, as by default, where that is not known.
    func motions(_ target: Target) -> [Motion]?
    /// What the heads of a student and of a teacher say about the same anchors; nil, as by default, for heads without any.
    func headAnswers(_ student: ModelOutput<Float>, _ teacher: [Variable<Float>]) -> HeadAnswers<Float>?
    /// How many questions the head's answer asks of each anchor; nil, as by default, for heads without anchors.
    var anchoredClasses: Int? { get }

    /// The settings that go with weights that were measured, where the measurement tells something of how they are to be
    /// used; nil, as by default, where it does not.
    func settings(after findings: Measure.Findings) -> JSONValue?

    /// What `report/result.json` holds of an evaluation beside its scores.
    /// - Parameter pictures: images of the part that was measured, by index, small, as members of an object.
    func record(
        _ findings: Measure.Findings, of dataset: any AnnotatedDataset<Annotation>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member]
    /// Some training images worth showing, each with what is said of it.
    func showcase(
        _ dataset: any AnnotatedDataset<Annotation>
    ) throws -> [(index: Int, annotation: [JSONValue.Member])]
    /// Pictures of what the model says of a few images that stay the same for the whole run, each a member `pixels` with
    /// its size; written down after each tenth of a run.
    func snapshot(
        _ findings: Measure.Findings, of dataset: any AnnotatedDataset<Annotation>
    ) throws -> [JSONValue]
    /// A picture's pixels [height, width, channels] with what is said of it painted over, [height, width, 3].
    /// - Parameter row: of the targets.
    func painted(_ pixels: [UInt8], channels: Int, _ target: Target, row: Int) -> [UInt8]
    /// The same on a picture of the input that was made smaller first, for what has lines and letters, which a smaller
    /// picture would lose; nil, as by default, for `painted` on the whole input.
    /// - Parameters:
    ///   - size: of the small picture.
    ///   - row: of the targets.
    func paintedSmall(_ pixels: [UInt8], channels: Int, size: Pair, _ target: Target, row: Int) -> [UInt8]?
    /// Whether `painted` or `paintedSmall` paints.
    var paintsTargets: Bool { get }
    /// How much larger than others small pictures of the task are, so that what is painted on them can be read; 1 by
    /// default.
    var thumbnailScale: Int { get }
    /// What a report of a failure says of an image beside its name.
    func members(of annotation: Annotation) -> [JSONValue.Member]

    /// An evaluation as text, without what was measured.
    func text(_ findings: Measure.Findings) -> String
    /// An evaluation as members of a JSON object.
    func members(_ findings: Measure.Findings) -> [JSONValue.Member]
    /// Whether `writeResults` writes.
    var writesResults: Bool { get }
    /// Writes all answers of an evaluation as a file that other programs measure; nothing by default.
    /// - Parameter masks: whether the pixels of objects are written in place of their boxes.
    func writeResults(
        _ findings: Measure.Findings, masks: Bool, _ write: (_ text: String) throws -> Void) throws
    /// What `predict` says of images, one for each.
    func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>]
    /// What `predict` says of an image in its own size, for tasks whose answer is about places in it; nil, as by default,
    /// where images are brought to the model's input first.
    /// - Parameter plan: what the model's weights say of its input: size, channels, normalisation.
    func prediction(
        _ image: Image, name: String, _ model: any FeatureModel, _ store: ParameterStore<Float>,
        _ plan: TransformPlan, _ options: PredictionOptions
    ) throws -> Result<Prediction, PredictionFailure>?
    /// Whether `prediction` answers.
    var predictsWholeImages: Bool { get }
    /// The columns of predictions.
    var predictionColumns: PredictionColumns { get }
    /// What of an answer is explained to those who ask where in an image it comes from; nil, as by default, for tasks whose
    /// answers are not explained.
    /// - Parameter classes: the class for each image; nil for what the model says.
    func explained(_ output: ModelOutput<Float>, classes: [Int]?) -> ExplainedAnswer?
    /// Images whose answers the report explains, by index, each with the class and what else is said of it.
    func explainedImages(_ findings: Measure.Findings) -> [ExplainedImage]
}

extension LearningTask {
    /// Nothing.
    public var trainingMetric: Metric? { nil }
    /// Yes.
    public var readsMaps: Bool { true }
    /// Yes: a parameter without a gradient is a mistake.
    public var reachesAllParameters: Bool { true }
    /// No.
    public var mixesImages: Bool { false }
    /// No, to be on the safe side.
    public var measuresAnswersAlone: Bool { false }
    /// nil.
    public func averaged(_ output: ModelOutput<Float>, _ mirrored: ModelOutput<Float>) -> ModelOutput<Float>? { nil }
    /// Slices count by their images.
    public func lossDivisor(_ target: Target) -> Double? { nil }
    /// Nothing to save.
    public var state: JSONValue { .null }
    /// Nothing to take over.
    public func restore(_ state: JSONValue) {}
    /// The outputs themselves, one row for each image.
    public func classRows(_ output: ModelOutput<Float>) -> Variable<Float> { output.logits }
    /// Its own rows.
    public func classRows(_ output: ModelOutput<Float>, like other: ModelOutput<Float>) -> Variable<Float> {
        classRows(output)
    }
    /// No.
    public var hasRowLabels: Bool { false }
    /// None.
    public func rowLabels(_ target: Target) -> [Int32] { [] }
    /// nil.
    public func regions(_ target: Target) -> LossRegions? { nil }
    /// No.
    public var tellsMotions: Bool { false }
    /// nil.
    public func motions(_ target: Target) -> [Motion]? { nil }
    /// nil.
    public func headAnswers(_ student: ModelOutput<Float>, _ teacher: [Variable<Float>]) -> HeadAnswers<Float>? {
        nil
    }
    /// nil.
    public var anchoredClasses: Int? { nil }

    /// nil.
    public func settings(after findings: Measure.Findings) -> JSONValue? { nil }

    /// None.
    public func snapshot(
        _ findings: Measure.Findings, of dataset: any AnnotatedDataset<Annotation>
    ) throws -> [JSONValue] { [] }

    /// nil.
    public func prediction(
        _ image: Image, name: String, _ model: any FeatureModel, _ store: ParameterStore<Float>,
        _ plan: TransformPlan, _ options: PredictionOptions
    ) throws -> Result<Prediction, PredictionFailure>? { nil }

    /// No.
    public var predictsWholeImages: Bool { false }

    /// The pixels as they are.
    public func painted(_ pixels: [UInt8], channels: Int, _ target: Target, row: Int) -> [UInt8] { pixels }

    /// nil.
    public func paintedSmall(
        _ pixels: [UInt8], channels: Int, size: Pair, _ target: Target, row: Int
    ) -> [UInt8]? { nil }

    /// No.
    public var paintsTargets: Bool { false }

    /// 1.
    public var thumbnailScale: Int { 1 }

    /// The task's name alone, beside the scores.
    public func record(
        _ findings: Measure.Findings, of dataset: any AnnotatedDataset<Annotation>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] {
        [.init("task", .string(vocabulary.task))]
    }

    /// The first ten images.
    public func showcase(
        _ dataset: any AnnotatedDataset<Annotation>
    ) throws -> [(index: Int, annotation: [JSONValue.Member])] {
        try (0..<min(10, dataset.count)).map { ($0, members(of: try dataset.annotation($0))) }
    }

    /// Nothing beside the image's name.
    public func members(of annotation: Annotation) -> [JSONValue.Member] { [] }

    /// Each metric and the loss, one line each.
    public func text(_ findings: Measure.Findings) -> String {
        let values = findings.scores.values + [Scores.Value(metric: .loss, value: findings.scores.loss)]
        let width = (values.map { $0.metric.title.count }.max() ?? 0) + 2
        let lines = values.map { value -> String in
            let title = value.metric.title
            return title + String(repeating: " ", count: width - title.count) + value.metric.text(value.value)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Each metric under its name, the loss, and how many images were measured.
    public func members(_ findings: Measure.Findings) -> [JSONValue.Member] {
        findings.scores.values.map { .init($0.metric.name, .number($0.value)) } + [
            .init("loss", .number(findings.scores.loss)), .init("images", .integer(findings.scores.count)),
        ]
    }

    /// No.
    public var writesResults: Bool { false }

    /// Nothing.
    public func writeResults(
        _ findings: Measure.Findings, masks: Bool, _ write: (_ text: String) throws -> Void
    ) throws {}

    /// One column for the table, and one for each output's name in comma-separated values.
    public var predictionColumns: PredictionColumns {
        PredictionColumns(
            table: [.init("answer", isRight: true, widest: 12)], fields: vocabulary.classNames)
    }

    /// The model's outputs as they are.
    public func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] {
        let values = output.logits.value.array
        let width = values.count / max(1, images.count)
        return images.enumerated().map { row, image in
            let answer = values[row * width..<(row + 1) * width]
            guard answer.allSatisfy(\.isFinite) else { return .failure(.notFinite(image)) }
            return .success(
                Prediction(
                    image: image, rows: [[answer.prefix(8).map { "\($0)" }.joined(separator: " ")]],
                    fields: answer.map(CSV.number),
                    members: [.init("answer", .array(answer.map { .number(Double($0)) }))]))
        }
    }
}
