// Distilled: a task with teachers beside it, whatever the task.

import Autograd
import Datasets
import Distillation
import JSON
import Layers
import Reporting
import Tensors

/// Any task with teachers beside it: its own loss, and the losses of one stage against one teacher, against several at
/// once, or none. What is measured and reported is the task's.
///
/// Losses on logits compare rows of class scores, as the task makes them of an answer; losses on maps compare taps.
package final class DistilledTask<Base: LearningTask>: LearningTask, @unchecked Sendable {  // used by one thread
    /// What somebody should know of a stage while it runs.
    package enum Finding {
        /// Balancing has settled, on this factor of the distillation's losses.
        case balanced(factor: Double)
        /// A loss, by its index among the stage's, is so many times as large as the task's own in the first epoch.
        case large(loss: Int, times: Double)
    }

    /// Losses against one teacher, or logit losses of one temperature against the mean of all.
    private struct Part {
        let losses: StageLosses
        /// Of the stage's losses the ones that these are.
        let indices: [Int]
        let prefix: String
        /// nil for all teachers' mean.
        let teacher: Int?
        let temperature: Double
        let factor: Double
    }

    /// Where the stage stands in its run.
    package struct Place: Sendable {
        /// Updates of the stages before.
        package var firstUpdate: Int
        package var updatesPerEpoch: Int

        package init(firstUpdate: Int, updatesPerEpoch: Int) {
            (self.firstUpdate, self.updatesPerEpoch) = (firstUpdate, max(1, updatesPerEpoch))
        }
    }

    /// What is learned but for the teachers.
    package let base: Base
    private let teachers: [any TeachingModel]
    private let model: any FeatureModel
    private let configuration: StageConfiguration
    private let parts: [Part]
    private let place: Place
    private var balancing: LossBalance
    private var comparison: LossComparison
    /// The teachers' seconds of earlier processes, less those before this stage.
    private var secondsBefore: Double
    private let tell: (Finding) -> Void

    /// - Parameters:
    ///   - scope: where adapters are declared, behind the student's own parameters.
    ///   - base: what the student learns.
    ///   - model: the student.
    ///   - height: of the student's images.
    ///   - width: of the student's images.
    ///   - tell: told what is found, each of it once.
    /// - Throws: one sentence when taps cannot be paired.
    package init(
        _ scope: Scope, base: Base, model: any FeatureModel, height: Int, width: Int, teachers: [any TeachingModel],
        _ configuration: StageConfiguration, place: Place, tell: @escaping (Finding) -> Void = { _ in }
    ) throws {
        self.base = base
        self.model = model
        self.teachers = teachers
        self.configuration = configuration
        self.place = place
        self.tell = tell
        balancing = LossBalance(configuration)
        secondsBefore = -teachers.reduce(0) { $0 + $1.seconds }
        let taps = try model.taps(height: height, width: width)
        func losses(
            _ scope: Scope, _ list: [LossConfiguration], _ teacher: (any TeachingModel)?
        ) throws -> StageLosses {
            let pairing = try teacher.flatMap {
                StageLosses.needsPairing(list)
                    ? try FeaturePairing(student: taps, teacher: $0.taps, named: configuration.pairs) : nil
            }
            return StageLosses(scope, list, pairing: pairing)
        }
        let own = scope["distillation"]
        if teachers.count == 1 {
            parts = [
                Part(
                    losses: try losses(own, configuration.losses, teachers[0]),
                    indices: Array(configuration.losses.indices), prefix: "", teacher: 0, temperature: 1, factor: 1)
            ]
        } else if teachers.isEmpty {
            parts = []
        } else {
            let all = configuration.losses
            let logits = try all.indices.filter { all[$0].kind.usesLogits }.enumerated().map { index, loss in
                Part(
                    losses: try losses(own["mean\(index)"], [all[loss]], nil), indices: [loss], prefix: "mean.",
                    teacher: nil, temperature: all[loss].temperature, factor: 1)
            }
            let others = all.indices.filter { !all[$0].kind.usesLogits }
            let maps = others.map { all[$0] }
            let features =
                try maps.isEmpty
                ? []
                : teachers.enumerated().map { index, teacher in
                    Part(
                        losses: try losses(own[teacher.name], maps, teacher), indices: others,
                        prefix: teacher.name + ".", teacher: index, temperature: 1,
                        factor: 1 / Double(teachers.count))
                }
            parts = logits + features
        }
        var names = configuration.losses.map { _ in [String]() }
        for part in parts {
            for (index, name) in zip(part.indices, part.losses.names) { names[index].append(part.prefix + name) }
        }
        comparison = LossComparison(names, lastUpdate: place.firstUpdate + place.updatesPerEpoch - 1)
    }

    /// Seconds that the teachers took in this stage.
    package var teacherSeconds: Double { secondsBefore + teachers.reduce(0) { $0 + $1.seconds } }

    package func loss(
        _ student: ModelOutput<Float>, _ batch: Batch<Base.Target>, _ context: Context<Float>, update: Int
    ) -> TaskLoss {
        let own = base.loss(student, batch, context, update: update)
        if teachers.isEmpty { return own }
        let images = Tensor(batch)
        let motions = base.motions(batch.targets)
        let outputs = teachers.map { $0.teach(batch.images, images, motions: motions, answers: needsAnswers) }
        let epoch = (Double(update - place.firstUpdate) + 0.5) / Double(place.updatesPerEpoch)
        let distillation = distance(student, outputs, epoch, batch, context)
        if !balancing.isSettled { measure(batch, outputs, epoch, own.total, distillation, context, update: update) }
        let weight = configuration.crossEntropyWeight
        var sum = WeightedLoss<Float>()
        if weight > 0 { sum.add("crossEntropy", own.total, weight: weight) }
        sum.add(distillation, factor: balancing.factor)
        let large = comparison.add(
            task: Double(own.total.value.item) * weight, distillation.terms, factor: balancing.factor, update: update)
        for (loss, times) in large { tell(.large(loss: loss, times: times)) }
        var terms = sum.terms.map { TaskLoss.Term(name: $0.name, raw: $0.raw, weighted: $0.weighted) }
        if weight == 0 {
            terms.insert(TaskLoss.Term(name: "crossEntropy", raw: Double(own.total.value.item), weighted: 0), at: 0)
        }
        if base.trainingMetric == nil, !own.terms.isEmpty {
            // A loss of several parts without a metric of its own is told by its parts.
            terms.replaceSubrange(
                0..<1,
                with: own.terms.map { TaskLoss.Term(name: $0.name, raw: $0.raw, weighted: $0.weighted * weight) })
        }
        return TaskLoss(total: sum.total ?? own.total.scaled(by: 0), measured: own.measured, terms: terms)
    }

    /// Whether any loss looks at what heads say.
    private var needsAnswers: Bool { configuration.needsAnswers }
    private var comparesRows: Bool { configuration.losses.contains(where: \.kind.usesLogits) }

    private func distance(
        _ student: ModelOutput<Float>, _ outputs: [Lesson], _ epoch: Double, _ batch: Batch<Base.Target>,
        _ context: Context<Float>
    ) -> WeightedLoss<Float> {
        let compared = ModelOutput(
            logits: comparesRows ? base.classRows(student) : student.logits, features: student.features)
        let rows = outputs.map { lesson -> Tensor<Float> in
            // Nobody looks at the rows of a teacher that was not asked for them.
            guard comparesRows, let answer = lesson.answer else { return Tensor(Float(0)) }
            return base.classRows(ModelOutput(answer: answer, features: lesson.features), like: student).value
        }
        let losses = LossContext(
            layers: context, labels: comparesRows ? base.rowLabels(batch.targets) : [],
            regions: base.regions(batch.targets))
        var sum = WeightedLoss<Float>()
        for part in parts {
            let output =
                part.teacher.map { TeacherOutput(logits: rows[$0], features: outputs[$0].features.map(\.value)) }
                ?? TeacherOutput(logits: averagedTeacher(rows, temperature: part.temperature), features: [])
            let head = part.teacher.flatMap { outputs[$0].answer }.flatMap { base.headAnswers(student, $0) }
            let found = part.losses(student: compared, teacher: output, epoch: epoch, head: head, losses)
            sum.add(found.renamed(part.prefix), factor: part.factor)
        }
        return sum
    }

    private func measure(
        _ batch: Batch<Base.Target>, _ outputs: [Lesson], _ epoch: Double, _ own: Variable<Float>,
        _ distillation: WeightedLoss<Float>, _ context: Context<Float>, update: Int
    ) {
        switch configuration.balance {
        case .off: return
        case .firstSteps:
            balancing.add(
                task: Double(own.value.item), distillation: distillation.terms.reduce(0) { $0 + $1.weighted })
        case .gradientNorm:
            // Forward passes of their own, since a tape goes backward once.
            func norm(_ loss: (ModelOutput<Float>, Context<Float>) -> Variable<Float>?) -> Double {
                let tape = Tape<Float>()
                let own = Context(
                    context.store, mode: .training, tape: tape, random: context.random,
                    firstSample: context.firstSample, epochs: context.epochs)
                guard let value = loss(model(Variable(Tensor(batch)), own), own) else { return 0 }
                tape.backward(from: value)
                let gradients = Storage<Float>(count: context.store.list.flatCount)
                _ = own.collectGradients(into: gradients)
                return Balance.norm((0..<model.parameters.flatCount).map { Double(gradients.pointer[$0]) })
            }
            balancing.add(
                task: norm { base.loss($0, batch, $1, update: update).total },
                distillation: norm { distance($0, outputs, epoch, batch, $1).total })
        }
        if balancing.isSettled { tell(.balanced(factor: balancing.factor)) }
    }
}

// What is the task's own stays so.
extension DistilledTask {
    package var vocabulary: Vocabulary { base.vocabulary }
    package var metrics: [Metric] { base.metrics }
    package var trainingMetric: Metric? { base.trainingMetric }
    package var mixesImages: Bool { base.mixesImages }
    package var readsMaps: Bool { !teachers.isEmpty || base.readsMaps }
    package var reachesAllParameters: Bool { teachers.isEmpty && base.reachesAllParameters }
    /// Losses against teachers are means over images.
    package func lossDivisor(_ target: Base.Target) -> Double? { teachers.isEmpty ? base.lossDivisor(target) : nil }

    package func collator(training: Bool) -> Base.TargetCollator { base.collator(training: training) }
    package func evaluator(_ options: EvaluationOptions) -> Base.Measure { base.evaluator(options) }
    package func classRows(_ output: ModelOutput<Float>) -> Variable<Float> { base.classRows(output) }
    package func classRows(_ output: ModelOutput<Float>, like other: ModelOutput<Float>) -> Variable<Float> {
        base.classRows(output, like: other)
    }
    package var hasRowLabels: Bool { base.hasRowLabels }
    package func rowLabels(_ target: Base.Target) -> [Int32] { base.rowLabels(target) }
    package var tellsMotions: Bool { base.tellsMotions }
    package func motions(_ target: Base.Target) -> [Motion]? { base.motions(target) }
    package func regions(_ target: Base.Target) -> LossRegions? { base.regions(target) }
    package func headAnswers(_ student: ModelOutput<Float>, _ teacher: [Variable<Float>]) -> HeadAnswers<Float>? {
        base.headAnswers(student, teacher)
    }
    package var anchoredClasses: Int? { base.anchoredClasses }

    package func record(
        _ findings: Base.Measure.Findings, of dataset: any AnnotatedDataset<Base.Annotation>,
        pictures: (_ indices: [Int]) throws -> [JSONValue]
    ) throws -> [JSONValue.Member] { try base.record(findings, of: dataset, pictures: pictures) }

    package func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<Base.TargetCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> Base.Measure.Findings { try base.measure(model, store, loader, options, each: each) }

    package func snapshot(
        _ findings: Base.Measure.Findings, of dataset: any AnnotatedDataset<Base.Annotation>
    ) throws -> [JSONValue] { try base.snapshot(findings, of: dataset) }

    package func showcase(
        _ dataset: any AnnotatedDataset<Base.Annotation>
    ) throws -> [(index: Int, annotation: [JSONValue.Member])] { try base.showcase(dataset) }

    package func painted(_ pixels: [UInt8], channels: Int, _ target: Base.Target, row: Int) -> [UInt8] {
        base.painted(pixels, channels: channels, target, row: row)
    }
    package func paintedSmall(
        _ pixels: [UInt8], channels: Int, size: Pair, _ target: Base.Target, row: Int
    ) -> [UInt8]? { base.paintedSmall(pixels, channels: channels, size: size, target, row: row) }
    package var paintsTargets: Bool { base.paintsTargets }
    package var thumbnailScale: Int { base.thumbnailScale }
    package func members(of annotation: Base.Annotation) -> [JSONValue.Member] { base.members(of: annotation) }
    package func text(_ findings: Base.Measure.Findings) -> String { base.text(findings) }
    package func members(_ findings: Base.Measure.Findings) -> [JSONValue.Member] { base.members(findings) }
    package func settings(after findings: Base.Measure.Findings) -> JSONValue? { base.settings(after: findings) }
    package var writesResults: Bool { base.writesResults }
    package func writeResults(
        _ findings: Base.Measure.Findings, masks: Bool, _ write: (_ text: String) throws -> Void
    ) throws { try base.writeResults(findings, masks: masks, write) }
    package var predictionColumns: PredictionColumns { base.predictionColumns }

    package func predictions(
        _ output: ModelOutput<Float>, images: [String], _ options: PredictionOptions
    ) -> [Result<Prediction, PredictionFailure>] { base.predictions(output, images: images, options) }

    package var state: JSONValue {
        var state = balancing.json
        state["teacherSeconds"] = .number(teacherSeconds)
        if base.state != .null { state["base"] = base.state }
        return state
    }

    package func restore(_ state: JSONValue) {
        balancing.restore(state)
        secondsBefore = (state["teacherSeconds"]?.doubleValue ?? 0) - teachers.reduce(0) { $0 + $1.seconds }
        base.restore(state["base"] ?? .null)
    }
}
