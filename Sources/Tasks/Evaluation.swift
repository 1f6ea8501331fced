import Datasets
import Layers
import Tensors

extension LearningTask {
    /// Runs a model in evaluation mode over a part of the data, and measures its answers.
    /// - Parameters:
    ///   - options: how; by default what an epoch's line needs.
    ///   - each: called with the number of images that were measured since the last time.
    public func evaluate(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<TargetCollator>,
        _ options: EvaluationOptions? = nil, each: (Int) throws -> Void = { _ in }
    ) throws -> Measure.Findings {
        let dataset = loader.dataset
        return try measure(
            model, store, loader, options ?? EvaluationOptions(images: dataset.count) { dataset.name($0) }, each: each)
    }

    /// Over all batches of the loader, the last partial one included.
    public func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<TargetCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> Measure.Findings {
        var evaluator = evaluator(options)
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            try evaluator.add(model.answer(Tensor(batch), store), batch)
            try each(batch.count)
        }
        return try evaluator.finish()
    }
}
