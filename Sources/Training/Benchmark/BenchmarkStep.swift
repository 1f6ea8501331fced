import Autograd
import Layers
import Models
import Optim
import Reporting
import Tensors

/// Training steps (forward, backward, clip, optimizer) and inference of a recipe's model on random images.
struct BenchmarkStep {
    let model: any FeatureModel
    /// Of one image, forward.
    let multiplyAdds: Int
    private let recipe: Recipe
    private let store: ParameterStore<Float>
    /// What only training needs is not made when inference alone is measured.
    private let training: TrainingState?
    private let images: Tensor<Float>
    private let labels: [Int32]

    private struct TrainingState {
        let optimizer: any Optimizer<Float>
        let gradients: Storage<Float>

        init(_ recipe: Recipe, _ parameters: ParameterList) {
            optimizer = recipe.optimizer.makeOptimizer(
                Float.self, groups: ParameterGroups(parameters, weightDecay: recipe.optimizer.weightDecay))
            gradients = Storage(count: parameters.flatCount)
        }
    }

    /// - Throws: when the recipe's model cannot be built without the data.
    init(_ recipe: Recipe, batch: Int, trains: Bool = true) throws {
        let outline = recipe.outline
        let (specification, height, width) = (outline.specification, outline.height, outline.width)
        self.recipe = recipe
        model = try specification.makeModel(height: height, width: width)
        multiplyAdds = try model.trace(height: height, width: width).multiplyAdds
        store = ParameterStore<Float>(model.parameters, seed: 0)
        training = trains ? TrainingState(recipe, model.parameters) : nil
        var random = Random(seed: 0, purpose: "benchmark")
        images = Tensor<Float>.normal([batch, height, width, specification.inputChannels], from: &random)
        labels = (0..<batch).map { _ in Int32(random.integer(below: specification.classes)) }
    }

    /// Makes an update and gives the seconds that it took.
    func callAsFunction(_ update: Int, _ profile: OperationProfile? = nil, notesAll: Bool = false) -> Double {
        ProductPrecision.$current.withValue(recipe.training.precision.products) {
            timed(update, profile, notesAll ? profile : nil)
        }
    }

    private func timed(_ update: Int, _ profile: OperationProfile?, _ notes: OperationProfile?) -> Double {
        guard let training else { return 0 }
        let begin = MonotonicClock.seconds()
        let tape = Tape<Float>()
        tape.profile = profile
        profile?.mark()
        let context = Context(
            store, mode: .training, tape: tape, random: RandomKey(seed: 0, purpose: "benchmark", update),
            gradients: training.gradients, checkpointing: recipe.training.checkpointing)
        let loss = model(Variable(images), context).logits.crossEntropy(
            labels: labels, smoothing: recipe.loss.labelSmoothing)
        tape.backward(from: loss)
        profile?.mark()
        _ = context.collectGradients(into: training.gradients)
        let norm = GradientClipping.norm(training.gradients, ranges: training.optimizer.groups.trainableRanges)
        notes?.note(Operation("gradient norm"))
        let scale =
            recipe.optimizer.clipNorm > 0 ? GradientClipping.factor(norm: norm, limit: recipe.optimizer.clipNorm) : 1
        training.optimizer.update(
            parameters: store.flat, gradients: training.gradients, learningRate: 1e-4, gradientScale: scale)
        store.apply(context.updates)
        notes?.note(Operation("optimizer"))
        return MonotonicClock.seconds() - begin
    }

    /// One forward pass without a tape.
    func infer() { _ = model(Variable(images), .evaluation(store)).logits }
}
