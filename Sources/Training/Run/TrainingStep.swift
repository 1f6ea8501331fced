import Autograd
import Datasets
import Distributed
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
    /// What `measured` writes to.
    var averaged: ParameterStore<Float>?

    init(
        _ store: ParameterStore<Float>, _ optimizer: any Optimizer<Float>,
        average: ExponentialMovingAverage<Float>? = nil
    ) {
        (self.store, self.optimizer, self.average) = (store, optimizer, average)
    }

    /// What a recipe makes of values: its optimizer, with a rate for each layer, and its average.
    convenience init(
        _ store: ParameterStore<Float>, _ optimizer: OptimizerConfiguration, _ specification: ModelSpecification,
        epochs: Int = 1, updatesPerEpoch: Int = 1
    ) {
        let groups = ParameterGroups(
            store.list, weightDecay: optimizer.weightDecay, isTrainable: store.isTrainable,
            learningRateMultipliers: specification.learningRateMultipliers(store.list, decay: optimizer.layerDecay),
            isHidden: { optimizer.kind != .muon || specification.isHidden($0) })
        self.init(
            store, optimizer.makeOptimizer(Float.self, groups: groups),
            average: optimizer.makeAverage(store, epochs: epochs, updatesPerEpoch: updatesPerEpoch))
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
    /// How many slices a batch is cut into, a power of two; their gradients are added by a tree.
    var slices = 1
    var checkpointing = false
    /// Where the gradients are taken, if not at the weights themselves.
    var sharpness: SharpnessAscent?
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
        slices = recipe.training.slices
        checkpointing = recipe.training.checkpointing
        sharpness = recipe.optimizer.sharpness
    }
}

/// One update: forward and backward, over the whole batch or over slices and parts of it one after the other, then clip,
/// optimizer, moving average. Where several processes share the slices, each makes the same update of the same sum.
///
/// Slices know nothing of each other: what a batch norm sees and what a loss is divided by ends with the slice, but for
/// counts that are known before any answer is (`LearningTask.lossDivisor`). Parts of a slice are added in place.
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
    let ranks: ProcessGroup
    private let sum: SliceSum<Float>
    /// Of the last update, before clipping.
    var gradients: Storage<Float> { sum.total }
    /// What this process wishes to happen after the update that comes.
    var wishes = StepWishes()
    /// What all that share the batch agreed on in the last update.
    private(set) var agreed = StepWishes()
    /// Times the operations of the updates that come.
    var profile: OperationProfile?
    private var hasCheckedGradients = false

    /// - Parameter ranks: the processes that share the slices of every batch.
    /// - Throws: `DistributedError` where they do not divide the slices.
    init(
        task: Task, model: any FeatureModel, state: TrainedState, options: StepOptions, ranks: ProcessGroup = .alone()
    ) throws {
        self.task = task
        self.model = model
        self.state = state
        self.options = options
        self.ranks = ranks
        sum = try SliceSum(slices: options.slices, count: state.store.list.flatCount, in: ranks)
    }

    /// Makes update number `update` with a batch.
    /// - Throws: `NonFiniteError` before anything is changed, or `RecipeError` when a parameter gets no gradient.
    func callAsFunction(_ batch: Batch<Task.Target>, update: Int, learningRate: Double) throws -> Outcome {
        try ProductPrecision.$current.withValue(options.precision) {
            try makeUpdate(batch, update: update, learningRate: learningRate)
        }
    }

    private func makeUpdate(_ batch: Batch<Task.Target>, update: Int, learningRate: Double) throws -> Outcome {
        let results = try gradients(of: batch, update: update)
        profile?.mark()
        var outcome = Outcome(results)
        outcome.gradientNorm = GradientClipping.norm(gradients, ranges: state.optimizer.groups.trainableRanges)
        profile?.note(Operation("gradient norm"))
        guard outcome.gradientNorm.isFinite else {
            throw try shared(NonFiniteError(self, batch, update: update, what: "gradient"))
        }
        if let ascent = options.sharpness { outcome.gradientNorm = try climb(ascent, batch, update: update) }
        let scale =
            options.clipNorm > 0 ? GradientClipping.factor(norm: outcome.gradientNorm, limit: options.clipNorm) : 1
        state.optimizer.update(
            parameters: state.store.flat, gradients: gradients, learningRate: learningRate, gradientScale: scale)
        for result in results { state.store.apply(result.updates) }
        state.average?.update(from: state.store)
        profile?.note(Operation("optimizer"))
        return outcome
    }

    /// Computes this process's slices and adds the gradients of all.
    /// - Returns: what all slices gave, in their order.
    /// - Throws: `NonFiniteError`, on all ranks where one slice has a loss that is no number.
    func gradients(of batch: Batch<Task.Target>, update: Int) throws -> [SliceResult] {
        let divisor = try divisor(batch)
        var own: [SliceResult] = []
        var problem: NonFiniteError?
        func computeSlices() throws {
            for index in sum.ownSlices {
                // After a problem the sum is worth nothing; it is brought to its end for the others' sake.
                if problem == nil {
                    do { own.append(try result(of: index, in: batch, divisor, update, sum.next)) } catch let error
                        as NonFiniteError
                    { problem = error }
                }
                sum.take()
            }
        }
        if sum.ownSlices.count > 1 {
            // All of them multiply by the same weights, which are brought into the products' order once.
            try PackedWeights(state.store.flat).whileAsking(computeSlices)
        } else {
            try computeSlices()
        }
        let all = try StepMessage(results: own, problem: problem, wishes: wishes).exchanged(ranks)
        agreed = all.wishes
        _ = try sum.finish()
        if let problem = all.problem { throw problem }
        return all.results
    }

    /// What the losses of slices are divided by in all, where that is not the number of images.
    private func divisor(_ batch: Batch<Task.Target>) throws -> Double? {
        // Parts of a whole batch count by their images, as they always have.
        guard options.slices > 1, task.lossDivisor(batch.targets.part(0..<0)) != nil else { return nil }
        let own = sum.ownSlices.map { index in
            [batch.slice(index, of: options.slices).flatMap { task.lossDivisor($0.targets) } ?? 0]
        }
        let all = try ranks.sum(own, slices: options.slices)[0]
        return all > 0 ? all : nil
    }

    /// Goes over a slice of the batch and writes its share of the batch's gradients.
    private func result(
        of index: Int, in batch: Batch<Task.Target>, _ divisor: Double?, _ update: Int, _ gradients: Storage<Float>
    ) throws -> SliceResult {
        var result = SliceResult()
        guard let slice = batch.slice(index, of: options.slices) else {
            gradients.pointer.update(repeating: 0, count: gradients.count)
            return result
        }
        for part in slice.parts(of: options.partSize) {
            // The mean over the batch weights every image alike, so a part counts as many times as it has images.
            let share =
                divisor.map { (task.lossDivisor(part.targets) ?? 0) / $0 }
                ?? Double(part.count) / Double(batch.wholeCount)
            let place = PartPlace(update: update, gradients: gradients, isFirst: part.first == slice.first)
            result.parts.append(try addGradients(of: part, share: share, place, result.updates))
        }
        return result
    }

    /// What is found wrong with a sum that all have: by the first rank whose own slices show where it comes from.
    func shared(_ error: NonFiniteError) throws -> NonFiniteError {
        guard ranks.size > 1 else { return error }
        var message = ByteMessage()
        error.write(to: &message)
        let all = try ranks.gatherToAll(message.bytes).map { bytes in
            var message = ByteMessage(bytes)
            return NonFiniteError(from: &message)
        }
        return all.first { $0.place != NonFiniteError.sumOfFinite } ?? error
    }

    /// The slices of a batch that this process computes and that have images.
    func ownSlices(of batch: Batch<Task.Target>) -> [Batch<Task.Target>] {
        sum.ownSlices.compactMap { batch.slice($0, of: options.slices) }
    }

    /// Where a part of a batch belongs.
    struct PartPlace {
        let update: Int
        /// Of the slice.
        let gradients: Storage<Float>
        /// Whether it is the first part of its slice: its gradients replace what was there, later ones are added.
        let isFirst: Bool
    }

    /// Adds what a part of the batch contributes to the batch's mean: the loss and the gradients times the part's share.
    private func addGradients(
        of part: Batch<Task.Target>, share: Double, _ place: PartPlace, _ updates: BufferUpdates<Float>
    ) throws -> SliceResult.Part {
        let tape = Tape<Float>()
        tape.profile = profile
        profile?.mark()
        let context = context(place, tape, part, updates)
        let result = loss(part, context, update: place.update)
        let loss = Double(result.total.value.item)
        guard loss.isFinite else { throw NonFiniteError(self, part, update: place.update, what: "loss") }
        tape.backward(from: result.total, cotangent: share == 1 ? nil : Tensor([], repeating: Float(share)))
        profile?.mark()
        try check(context.collectGradients(into: place.gradients))
        return SliceResult.Part(loss: loss, share: share, measured: result.measured, terms: result.terms)
    }

    /// Refuses, after the first part of all, parameters without a gradient.
    private func check(_ missing: [String]) throws {
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

    /// What the model needs for a batch or a part of one.
    func context(
        _ place: PartPlace, _ tape: Tape<Float>, _ part: Batch<Task.Target>,
        _ updates: BufferUpdates<Float> = BufferUpdates()
    ) -> Context<Float> {
        Context(
            state.store, mode: .training, tape: tape,
            random: RandomKey(seed: options.seed, purpose: "step", place.update), gradients: place.gradients,
            addingGradients: !place.isFirst, updates: updates, checkpointing: options.checkpointing,
            firstSample: part.first,
            epochs: options.updatesPerEpoch.map { Double(place.update) / Double(max(1, $0)) })
    }
}

extension TrainingStep.Outcome {
    /// Of all slices, in their order.
    init(_ results: [SliceResult]) {
        for part in results.flatMap(\.parts) {
            loss += part.loss * part.share
            measured += part.measured
            terms.add(part.terms, factor: part.share)
        }
    }
}
