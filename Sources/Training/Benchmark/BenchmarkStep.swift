import Autograd
import Datasets
import Layers
import Models
import Optim
import Reporting
import Tasks
import Tensors

/// The training step of a recipe, the very one that `train` makes, and inference, both on random images.
struct BenchmarkStep {
    let model: any FeatureModel
    /// The layers with the multiply-adds of one image, forward.
    let layers: ModelTrace.Node
    /// Of one image, forward.
    var multiplyAdds: Int { layers.multiplyAdds }
    private let recipe: Recipe
    private let store: ParameterStore<Float>
    private let images: Tensor<Float>
    private let packed: PackedWeights
    /// What only training needs is not made when inference alone is measured.
    private var update: ((_ index: Int, _ profile: OperationProfile?) throws -> Void)?

    /// - Throws: when the recipe's model cannot be built without the data.
    init(_ recipe: Recipe, batch: Int, trains: Bool = true) throws {
        let outline = recipe.outline
        let (specification, height, width) = (outline.specification, outline.height, outline.width)
        self.recipe = recipe
        model = try specification.makeModel(height: height, width: width)
        layers = try model.trace(height: height, width: width)
        store = ParameterStore<Float>(model.parameters, seed: 0)
        packed = PackedWeights(store.flat, recipe.training.precision.products)
        var random = Random(seed: 0, purpose: "benchmark")
        images = Tensor<Float>.normal([batch, height, width, specification.inputChannels], from: &random)
        if trains { update = try Self.update(recipe, recipe.task, outline, images, model, store, &random) }
    }

    private static func update<C: TaskConfiguration>(
        _ recipe: Recipe, _ configuration: C, _ outline: ModelOutline, _ images: Tensor<Float>,
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ random: inout Random
    ) throws -> (_ index: Int, _ profile: OperationProfile?) throws -> Void {
        let vocabulary = configuration.vocabulary(outline)
        let task = try configuration.makeTask(vocabulary, training: nil)
        let pixels = ImageBatch(images)
        let annotations = (0..<pixels.count).map { _ in
            C.example(vocabulary, height: outline.height, width: outline.width, &random)
        }
        let batch = Batch(
            images: pixels,
            targets: try task.collator(training: true).collate(annotations, pixels, &random))
        try store.freeze(recipe.optimizer.freeze)
        let step = try TrainingStep(
            task: task, model: model, state: TrainedState(store, recipe.optimizer, outline.specification),
            options: StepOptions(recipe))
        return { index, profile in
            step.profile = profile
            _ = try step(batch, update: index, learningRate: 1e-4)
        }
    }

    /// Makes an update and gives the seconds that it took.
    func callAsFunction(_ index: Int, _ profile: OperationProfile? = nil) throws -> Double {
        let begin = MonotonicClock.seconds()
        try update?(index, profile)
        return MonotonicClock.seconds() - begin
    }

    /// Reads objects out of an answer, whatever their scores; nil for a task that finds none.
    func reading() throws -> (() -> Void)? {
        guard let configuration = recipe.task as? any DetectorConfiguration else { return nil }
        return try reading(configuration)
    }

    private func reading<C: DetectorConfiguration>(_ configuration: C) throws -> () -> Void {
        let outline = recipe.outline
        let size = Pair(outline.height, outline.width)
        let task = try configuration.makeTask(
            configuration.vocabulary(outline), training: nil)
        let output = model.answer(Variable(images), .evaluation(store))
        var limits = task.settings.limits
        limits.score = 0
        let visible = [Pair](repeating: size, count: images.shape[0])
        return { _ = task.rules.detections(output, size: size, visible: visible, limits) }
    }

    /// One forward pass as `evaluate` makes it, with the recipe's precision and weights that stay as they are.
    func infer() { packed.whileAsking { _ = model.answer(images, store) } }
}
