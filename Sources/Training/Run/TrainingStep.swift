import Autograd
import Datasets
import Layers
import Models
import Optim
import Tasks
import Tensors

/// Everything that an update changes: the values, the optimizer's own, and their moving average.
final class TrainedState {
    let store: ParameterStore<Float>
    let optimizer: any Optimizer<Float>
    let average: ExponentialMovingAverage<Float>?

    init(
        _ store: ParameterStore<Float>, _ optimizer: any Optimizer<Float>,
        average: ExponentialMovingAverage<Float>? = nil
    ) {
        (self.store, self.optimizer, self.average) = (store, optimizer, average)
    }

    /// What a recipe makes of values: its optimizer, with a rate for each layer, and its average.
    convenience init(
        _ store: ParameterStore<Float>, _ optimizer: OptimizerConfiguration, _ specification: ModelSpecification
    ) {
        let groups = ParameterGroups(
            store.list, weightDecay: optimizer.weightDecay, isTrainable: store.isTrainable,
            learningRateMultipliers: specification.learningRateMultipliers(store.list, decay: optimizer.layerDecay))
        self.init(
            store, optimizer.makeOptimizer(Float.self, groups: groups),
            average: optimizer.ema.map { ExponentialMovingAverage(store, decay: $0.decay, warmup: $0.warmup) })
    }
}

/// What decides an update beside the batch and the learning rate.
struct StepOptions {
    /// Of the gradients' norm; 0 for none.
    var clipNorm = 0.0
    var seed: UInt64 = 0
    var precision = ProductPrecision.full
    /// The most images that go forward and backward at once; their gradients are added up.
    var partSize = Int.max
    var checkpointing = false
    /// For layers that change while they are trained; `nil` where updates belong to no run, so that they do not.
    var updatesPerEpoch: Int?

    init() {}

    /// Those of a recipe.
    init(_ recipe: Recipe, updatesPerEpoch: Int? = nil) {
        self.updatesPerEpoch = updatesPerEpoch
        clipNorm = recipe.optimizer.clipNorm
        seed = UInt64(recipe.run.seed)
        precision = recipe.training.precision.products
        partSize = recipe.training.partSize
        checkpointing = recipe.training.checkpointing
    }
}

/// One update: forward and backward, over the whole batch or over parts of it one after the other, then clip, optimizer,
/// moving average.
final class TrainingStep<Task: LearningTask> {
    struct Outcome {
        var loss = 0.0
        /// The task's training metric, summed over the images.
        var measured = 0.0
        var gradientNorm = 0.0
        var terms: [TaskLoss.Term] = []
    }

    let task: Task
    let model: any FeatureModel
    let state: TrainedState
    let options: StepOptions
    /// Of the last update, before clipping.
    let gradients: Storage<Float>
    /// Times the operations of the updates that come.
    var profile: OperationProfile?
    private var hasCheckedGradients = false

    init(task: Task, model: any FeatureModel, state: TrainedState, options: StepOptions) {
        self.task = task
        self.model = model
        self.state = state
        self.options = options
        gradients = Storage(count: state.store.list.flatCount)
    }

    /// Makes update number `update` with a batch.
    /// - Throws: `NonFiniteError` before anything is changed, or `RecipeError` when a parameter gets no gradient.
    func callAsFunction(_ batch: Batch<Task.Target>, update: Int, learningRate: Double) throws -> Outcome {
        try ProductPrecision.$current.withValue(options.precision) {
            try makeUpdate(batch, update: update, learningRate: learningRate)
        }
    }

    private func makeUpdate(_ batch: Batch<Task.Target>, update: Int, learningRate: Double) throws -> Outcome {
        let updates = BufferUpdates<Float>()
        var outcome = Outcome()
        for part in batch.parts(of: options.partSize) {
            try addGradients(of: part, share: Double(part.count) / Double(batch.count), update, updates, &outcome)
        }
        outcome.gradientNorm = GradientClipping.norm(gradients, ranges: state.optimizer.groups.trainableRanges)
        profile?.note(Operation("gradient norm"))
        guard outcome.gradientNorm.isFinite else {
            throw NonFiniteError(self, batch, update: update, what: "gradient")
        }
        let scale =
            options.clipNorm > 0 ? GradientClipping.factor(norm: outcome.gradientNorm, limit: options.clipNorm) : 1
        state.optimizer.update(
            parameters: state.store.flat, gradients: gradients, learningRate: learningRate, gradientScale: scale)
        state.store.apply(updates)
        state.average?.update(from: state.store)
        profile?.note(Operation("optimizer"))
        return outcome
    }

    /// Adds what a part of the batch contributes to the batch's mean: the loss and the gradients times the part's share.
    private func addGradients(
        of part: Batch<Task.Target>, share: Double, _ update: Int, _ updates: BufferUpdates<Float>,
        _ outcome: inout Outcome
    ) throws {
        let tape = Tape<Float>()
        tape.profile = profile
        profile?.mark()
        let context = context(update, tape, part, updates)
        let result = loss(part, context, update: update)
        let loss = Double(result.total.value.item)
        guard loss.isFinite else { throw NonFiniteError(self, part, update: update, what: "loss") }
        outcome.loss += loss * share
        outcome.measured += result.measured
        outcome.terms.add(result.terms, factor: share)
        // The mean over the batch weights every image alike, so a part counts as many times as it has images.
        tape.backward(from: result.total, cotangent: share == 1 ? nil : Tensor([], repeating: Float(share)))
        profile?.mark()
        let missing = context.collectGradients(into: gradients)
        guard !hasCheckedGradients else { return }
        hasCheckedGradients = true
        if task.reachesAllParameters, let first = missing.first {
            throw RecipeError(
                "\(missing.count) trainable parameters have no gradient, the first is \(first); the loss does not "
                    + "depend on them")
        }
    }

    /// The model's answer and its loss.
    func loss(_ part: Batch<Task.Target>, _ context: Context<Float>, update: Int) -> TaskLoss {
        task.loss(output(part, context), part, context, update: update)
    }

    /// What the loss looks at of the model's output. Nobody else has it.
    private func output(_ part: Batch<Task.Target>, _ context: Context<Float>) -> ModelOutput<Float> {
        let images = Variable(Tensor(part))
        return task.readsMaps ? model(images, context) : model.answer(images, context)
    }

    /// What the model needs for a batch or a part of one. The first part's gradients replace those of the update before,
    /// later ones are added.
    func context(
        _ update: Int, _ tape: Tape<Float>, _ part: Batch<Task.Target>,
        _ updates: BufferUpdates<Float> = BufferUpdates()
    ) -> Context<Float> {
        Context(
            state.store, mode: .training, tape: tape,
            random: RandomKey(seed: options.seed, purpose: "step", update), gradients: gradients,
            addingGradients: part.first > 0, updates: updates, checkpointing: options.checkpointing,
            firstSample: part.first,
            epochs: options.updatesPerEpoch.map { Double(update) / Double(max(1, $0)) })
    }
}
