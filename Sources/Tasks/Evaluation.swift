import Autograd
import Datasets
import Layers
import Tensors

extension LearningTask {
    /// Runs a model in evaluation mode over all batches of a loader, the last partial one included, and measures its
    /// answers.
    /// - Parameters:
    ///   - options: how; by default what an epoch's line needs.
    ///   - each: called after each batch with the number of its images.
    public func evaluate(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<TargetCollator>,
        _ options: EvaluationOptions? = nil, each: (Int) throws -> Void = { _ in }
    ) throws -> Measure.Findings {
        let dataset = loader.dataset
        var evaluator = evaluator(options ?? EvaluationOptions(images: dataset.count) { dataset.name($0) })
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            try evaluator.add(model(Variable(Tensor(batch)), .evaluation(store)), batch)
            try each(batch.count)
        }
        return try evaluator.finish()
    }
}
