import Autograd
import Datasets
import Layers
import Optim
import Tensors

/// One update: forward and backward, over the whole batch or over parts of it one after the other, then clip, optimizer,
/// moving average. It holds everything that an update changes.
final class TrainingStep {
    struct Outcome {
        var loss = 0.0
        var correct = 0
        var gradientNorm = 0.0
        var terms: [TaskLoss.Term] = []

        /// Adds a part's terms, each times the part's share.
        mutating func add(_ part: [TaskLoss.Term], share: Double) {
            for term in part {
                let index = terms.firstIndex { $0.name == term.name }
                let sum = index.map { terms[$0] } ?? TaskLoss.Term(name: term.name, raw: 0, weighted: 0)
                let new = TaskLoss.Term(
                    name: term.name, raw: sum.raw + term.raw * share, weighted: sum.weighted + term.weighted * share)
                if let index { terms[index] = new } else { terms.append(new) }
            }
        }
    }

    let task: any TrainingTask
    let store: ParameterStore<Float>
    let optimizer: any Optimizer<Float>
    let average: ExponentialMovingAverage<Float>?
    let clipNorm: Double
    let seed: UInt64
    let precision: ProductPrecision
    /// The most images that go forward and backward at once; their gradients are added up.
    let partSize: Int
    let checkpointing: Bool
    /// Of the last update, before clipping.
    let gradients: Storage<Float>
    private var hasCheckedGradients = false

    init(
        task: any TrainingTask, store: ParameterStore<Float>, optimizer: any Optimizer<Float>,
        average: ExponentialMovingAverage<Float>?, clipNorm: Double, seed: UInt64,
        precision: ProductPrecision = .full, partSize: Int = .max, checkpointing: Bool = false
    ) {
        self.task = task
        self.store = store
        self.optimizer = optimizer
        self.average = average
        self.clipNorm = clipNorm
        self.seed = seed
        self.precision = precision
        self.partSize = partSize
        self.checkpointing = checkpointing
        gradients = Storage(count: store.list.flatCount)
    }

    /// Makes update number `update` with a batch.
    /// - Throws: `NonFiniteError` before anything is changed, or `RecipeError` when a parameter gets no gradient.
    func callAsFunction(_ batch: Batch, update: Int, learningRate: Double) throws -> Outcome {
        try ProductPrecision.$current.withValue(precision) {
            try makeUpdate(batch, update: update, learningRate: learningRate)
        }
    }

    private func makeUpdate(_ batch: Batch, update: Int, learningRate: Double) throws -> Outcome {
        let updates = BufferUpdates<Float>()
        var outcome = Outcome()
        for part in batch.parts(of: partSize) {
            try addGradients(of: part, share: Double(part.count) / Double(batch.count), update, updates, &outcome)
        }
        outcome.gradientNorm = GradientClipping.norm(gradients, ranges: optimizer.groups.trainableRanges)
        guard outcome.gradientNorm.isFinite else {
            throw NonFiniteError(self, batch, update: update, what: "gradient")
        }
        let scale = clipNorm > 0 ? GradientClipping.factor(norm: outcome.gradientNorm, limit: clipNorm) : 1
        optimizer.update(
            parameters: store.flat, gradients: gradients, learningRate: learningRate, gradientScale: scale)
        store.apply(updates)
        average?.update(from: store)
        return outcome
    }

    /// Adds what a part of the batch contributes to the batch's mean: the loss and the gradients times the part's share.
    private func addGradients(
        of part: Batch, share: Double, _ update: Int, _ updates: BufferUpdates<Float>, _ outcome: inout Outcome
    ) throws {
        let tape = Tape<Float>()
        let context = context(update, tape, part, updates)
        let result = task.loss(part, context, update: update)
        let loss = Double(result.total.value.item)
        guard loss.isFinite else { throw NonFiniteError(self, part, update: update, what: "loss") }
        outcome.loss += loss * share
        outcome.correct += countCorrect(result.logits, part)
        outcome.add(result.terms, share: share)
        // The mean over the batch weights every image alike, so a part counts as many times as it has images.
        tape.backward(from: result.total, cotangent: share == 1 ? nil : Tensor([], repeating: Float(share)))
        let missing = context.collectGradients(into: gradients)
        guard !hasCheckedGradients else { return }
        hasCheckedGradients = true
        if task.reachesAllParameters, let first = missing.first {
            throw RecipeError(
                "\(missing.count) trainable parameters have no gradient, the first is \(first); the loss does not "
                    + "depend on them")
        }
    }

    /// What the model needs for a batch or a part of one. The first part's gradients replace those of the update before,
    /// later ones are added.
    func context(
        _ update: Int, _ tape: Tape<Float>, _ part: Batch, _ updates: BufferUpdates<Float> = BufferUpdates()
    ) -> Context<Float> {
        Context(
            store, mode: .training, tape: tape, random: RandomKey(seed: seed, purpose: "step", update),
            gradients: gradients, addingGradients: part.first > 0, updates: updates, checkpointing: checkpointing,
            firstSample: part.first)
    }
}

/// How many rows of [count, classes] have their largest element where the target has it: at the label, or for mixed
/// images at the class with the larger share.
func countCorrect(_ logits: Tensor<Float>, _ batch: Batch) -> Int {
    var wanted = batch.labels.map { Int($0) }
    if let targets = batch.softTargets {
        for i in wanted.indices {
            let row = targets[i * batch.classCount..<(i + 1) * batch.classCount]
            // Equal shares count as the image's own class.
            if let most = row.max(), row[row.startIndex + wanted[i]] < most {
                wanted[i] = (row.firstIndex(of: most) ?? row.startIndex) - row.startIndex
            }
        }
    }
    return zip(logits.argmax(), wanted).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
}
