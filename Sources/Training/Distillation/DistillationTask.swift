import Autograd
import Datasets
import Distillation
import JSON
import Layers
import Reporting
import Tensors

/// Cross-entropy with the labels and the losses of one stage: against one teacher, against several at once, or none.
final class DistillationTask: TrainingTask {
    /// Losses against one teacher, or logit losses of one temperature against the mean of all.
    private struct Part {
        let losses: StageLosses
        let prefix: String
        /// nil for all teachers' mean.
        let teacher: Int?
        let temperature: Double
        let factor: Double
    }

    let teachers: [Teacher]
    private let model: any FeatureModel
    private let classification: ClassificationTask
    private let configuration: StageConfiguration
    private let parts: [Part]
    private let firstUpdate: Int
    private let updatesPerEpoch: Int
    private var measuredTask: [Double] = []
    private var measuredDistillation: [Double] = []
    private var secondsBefore = 0.0
    /// Told once, when balancing has settled.
    var settled: ((Double) -> Void)?

    var reachesAllParameters: Bool { teachers.isEmpty }

    /// - Parameters:
    ///   - scope: where adapters are declared, behind the student's own parameters.
    ///   - plan: of the student's images.
    init(
        _ scope: Scope, model: any FeatureModel, classification: ClassificationTask, plan: TransformPlan,
        teachers: [Teacher],
        _ configuration: StageConfiguration, firstUpdate: Int, updatesPerEpoch: Int
    ) throws {
        self.model = model
        self.teachers = teachers
        self.configuration = configuration
        self.firstUpdate = firstUpdate
        self.updatesPerEpoch = max(1, updatesPerEpoch)
        self.classification = classification
        let taps = try model.taps(height: plan.height, width: plan.width)
        func losses(_ scope: Scope, _ list: [LossConfiguration], _ teacher: Teacher?) throws -> StageLosses {
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
                    losses: try losses(own, configuration.losses, teachers[0]), prefix: "", teacher: 0, temperature: 1,
                    factor: 1)
            ]
        } else if teachers.isEmpty {
            parts = []
        } else {
            let logits = try configuration.losses.filter(\.kind.usesLogits).enumerated().map { index, loss in
                Part(
                    losses: try losses(own["mean\(index)"], [loss], nil), prefix: "mean.", teacher: nil,
                    temperature: loss.temperature, factor: 1)
            }
            let maps = configuration.losses.filter { !$0.kind.usesLogits }
            let features =
                try maps.isEmpty
                ? []
                : teachers.enumerated().map { index, teacher in
                    Part(
                        losses: try losses(own[teacher.name], maps, teacher), prefix: teacher.name + ".",
                        teacher: index,
                        temperature: 1, factor: 1 / Double(teachers.count))
                }
            parts = logits + features
        }
    }

    /// One line per adapter and loss.
    var description: String { parts.map { $0.losses.description }.joined(separator: "\n") }

    var teacherSeconds: Double { secondsBefore + teachers.reduce(0) { $0 + $1.seconds } }

    func loss(_ batch: Batch, _ context: Context<Float>, update: Int) -> TaskLoss {
        let images = Tensor(batch)
        let outputs = teachers.map { $0(batch, images) }
        let student = model(Variable(images), context)
        let epoch = (Double(update - firstUpdate) + 0.5) / Double(updatesPerEpoch)
        let task = classification.loss(of: student.logits, batch)
        if teachers.isEmpty { return TaskLoss(total: task, logits: student.logits.value) }
        let distillation = distance(student, outputs, epoch, batch, context)
        if measuredTask.count < configuration.balanceSteps {
            measure(batch, outputs, epoch, task, distillation, context)
        }
        let weight = configuration.crossEntropyWeight
        var sum = WeightedLoss<Float>()
        if weight > 0 { sum.add("crossEntropy", task, weight: weight) }
        sum.add(distillation, factor: factor)
        var terms = sum.terms.map { TaskLoss.Term(name: $0.name, raw: $0.raw, weighted: $0.weighted) }
        if weight == 0 {
            terms.insert(TaskLoss.Term(name: "crossEntropy", raw: Double(task.value.item), weighted: 0), at: 0)
        }
        return TaskLoss(total: sum.total ?? task.scaled(by: 0), logits: student.logits.value, terms: terms)
    }

    private func distance(
        _ student: ModelOutput<Float>, _ outputs: [TeacherOutput<Float>], _ epoch: Double, _ batch: Batch,
        _ context: Context<Float>
    ) -> WeightedLoss<Float> {
        var sum = WeightedLoss<Float>()
        for part in parts {
            let output =
                part.teacher.map { outputs[$0] }
                ?? TeacherOutput(
                    logits: averagedTeacher(outputs.map(\.logits), temperature: part.temperature), features: [])
            let found = part.losses(
                student: student, teacher: output, epoch: epoch,
                LossContext(layers: context, labels: Array(batch.labels)))
            sum.add(found.renamed(part.prefix), factor: part.factor)
        }
        return sum
    }

    // MARK: Balance

    /// What balancing makes of the distillation losses' weights so far.
    private var factor: Double {
        configuration.balance.factor(
            task: measuredTask, distillation: measuredDistillation, ratio: configuration.balanceRatio) ?? 1
    }

    private func measure(
        _ batch: Batch, _ outputs: [TeacherOutput<Float>], _ epoch: Double, _ task: Variable<Float>,
        _ distillation: WeightedLoss<Float>, _ context: Context<Float>
    ) {
        switch configuration.balance {
        case .off: return
        case .firstSteps:
            measuredTask.append(Double(task.value.item) * configuration.crossEntropyWeight)
            measuredDistillation.append(distillation.terms.reduce(0) { $0 + $1.weighted })
        case .gradientNorm:
            // Forward passes of their own, since a tape goes backward once.
            func norm(_ loss: (ModelOutput<Float>, Context<Float>) -> Variable<Float>?) -> Double {
                let tape = Tape<Float>()
                let own = Context(
                    context.store, mode: .training, tape: tape, random: context.random,
                    firstSample: context.firstSample)
                guard let value = loss(model(Variable(Tensor(batch)), own), own) else { return 0 }
                tape.backward(from: value)
                let gradients = Storage<Float>(count: context.store.list.flatCount)
                _ = own.collectGradients(into: gradients)
                return Balance.norm((0..<model.parameters.flatCount).map { Double(gradients.pointer[$0]) })
            }
            measuredTask.append(
                norm { student, _ in classification.loss(of: student.logits, batch) }
                    * configuration.crossEntropyWeight)
            measuredDistillation.append(norm { distance($0, outputs, epoch, batch, $1).total })
        }
        if measuredTask.count == configuration.balanceSteps { settled?(factor) }
    }

    // MARK: State

    var state: JSONValue {
        [
            "task": .array(measuredTask.map { .number($0) }),
            "distillation": .array(measuredDistillation.map { .number($0) }),
            "teacherSeconds": .number(teacherSeconds),
        ]
    }

    func restore(_ state: JSONValue) {
        measuredTask = state["task"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        measuredDistillation = state["distillation"]?.arrayValue?.compactMap(\.doubleValue) ?? []
        secondsBefore = (state["teacherSeconds"]?.doubleValue ?? 0) - teachers.reduce(0) { $0 + $1.seconds }
    }

    /// Counts the teachers' time from here.
    func startClock() { secondsBefore = -teachers.reduce(0) { $0 + $1.seconds } }
}
