import Autograd
import Datasets
import Layers
import Optim
import Tensors

/// One update: forward, backward, clip, optimizer, moving average. It holds everything that an update changes.
final class TrainingStep {
    struct Outcome {
        var loss = 0.0
        var correct = 0
        var gradientNorm = 0.0
        var terms: [TaskLoss.Term] = []
    }

    let task: any TrainingTask
    let store: ParameterStore<Float>
    let optimizer: any Optimizer<Float>
    let average: ExponentialMovingAverage<Float>?
    let clipNorm: Double
    let seed: UInt64
    let precision: ProductPrecision
    /// Of the last update, before clipping.
    let gradients: Storage<Float>
    private var hasCheckedGradients = false

    init(
        task: any TrainingTask, store: ParameterStore<Float>, optimizer: any Optimizer<Float>,
        average: ExponentialMovingAverage<Float>?, clipNorm: Double, seed: UInt64,
        precision: ProductPrecision = .full
    ) {
        self.task = task
        self.store = store
        self.optimizer = optimizer
        self.average = average
        self.clipNorm = clipNorm
        self.seed = seed
        self.precision = precision
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
        let tape = Tape<Float>()
        let context = context(update, tape)
        let result = task.loss(batch, context, update: update)
        let (loss, logits) = (result.total, result.logits)
        var outcome = Outcome()
        outcome.loss = Double(loss.value.item)
        outcome.correct = countCorrect(logits, batch)
        outcome.terms = result.terms
        guard outcome.loss.isFinite else { throw NonFiniteError(self, batch, update: update, what: "loss") }
        tape.backward(from: loss)
        let missing = context.collectGradients(into: gradients)
        if !hasCheckedGradients {
            hasCheckedGradients = true
            if task.reachesAllParameters, let first = missing.first {
                throw RecipeError(
                    "\(missing.count) trainable parameters have no gradient, the first is \(first); the loss does not "
                        + "depend on them")
            }
        }
        outcome.gradientNorm = gradientNorm(gradients, ranges: optimizer.groups.trainableRanges)
        guard outcome.gradientNorm.isFinite else {
            throw NonFiniteError(self, batch, update: update, what: "gradient")
        }
        let scale = clipNorm > 0 ? clipFactor(norm: outcome.gradientNorm, limit: clipNorm) : 1
        optimizer.update(
            parameters: store.flat, gradients: gradients, learningRate: learningRate, gradientScale: scale)
        store.apply(context.updates)
        average?.update(from: store)
        return outcome
    }

    func context(_ update: Int, _ tape: Tape<Float>) -> Context<Float> {
        Context(
            store, mode: .training, tape: tape, random: RandomKey(seed: seed, purpose: "step", update),
            gradients: gradients)
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
