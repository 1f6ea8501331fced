import Autograd
import Datasets
import Layers
import Tasks
import Tensors
import Testing
import Training

/// Expects the losses of four slices, each times its share of what the loss is divided by, to add up to the loss of the batch.
/// The slices must differ in that share, or nothing is tested.
func expectSlicesToAddUp<C: TaskConfiguration>(_ recipe: Training.Recipe, _ configuration: C) throws {
    let data = try PreparedData(recipe, configuration)
    let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
    let model = try data.specification.makeModel(height: data.plan.height, width: data.plan.width)
    let context = Context.evaluation(ParameterStore<Float>(model.parameters, seed: 3))
    let loader = try BatchLoader(
        data.splits.train, transform: Transform(data.plan, mode: .evaluation),
        collator: task.collator(training: true), options: LoaderOptions(batchSize: 8, threads: 1, cacheBudget: 0))
    loader.start(epoch: 0)
    let batch = try #require(try loader.next())
    let slices = (0..<4).compactMap { batch.slice($0, of: 4) }
    let counts = slices.map { task.lossDivisor($0.targets) ?? 0 }
    #expect(Set(counts).count > 1, "all slices count alike: \(counts)")
    func loss(_ part: Batch<C.Task.Target>) -> Double {
        Double(task.loss(model(Variable(Tensor(part)), context), part, context, update: 0).total.value.item)
    }
    var sum = 0.0
    for (slice, count) in zip(slices, counts) { sum += loss(slice) * count / counts.reduce(0, +) }
    let whole = loss(batch)
    #expect(abs(sum - whole) < 1e-5 * whole, "slices give \(sum), the whole batch \(whole)")
}
