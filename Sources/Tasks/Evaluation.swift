import Autograd
import Datasets
import Distributed
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

    /// Over all batches of the loader, the last partial one included. Where several processes work together, the batches are
    /// shared among them.
    public func measure(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ loader: BatchLoader<TargetCollator>,
        _ options: EvaluationOptions, each: (Int) throws -> Void
    ) throws -> Measure.Findings {
        var evaluator = evaluator(options)
        loader.start(epoch: 0)
        let ranks = ProcessGroup.current
        if ranks.size == 1 || !measuresAnswersAlone {
            while let batch = try loader.next() {
                try evaluator.add(answer(model, store, Tensor(batch), options), batch)
                try each(batch.count)
            }
        } else {
            try ranks.share(loader.next) { batch in
                answer(model, store, Tensor(batch), options).answer.map(\.value)
            } take: { batch, answer in
                try evaluator.add(ModelOutput(answer: answer.map { Variable($0) }, features: []), batch)
                try each(batch.count)
            }
        }
        return try evaluator.finish()
    }

    /// The answer to images [N, H, W, C], or where that is asked for the mean with the one to the mirrored images.
    private func answer(
        _ model: any FeatureModel, _ store: ParameterStore<Float>, _ images: Tensor<Float>, _ options: EvaluationOptions
    ) -> ModelOutput<Float> {
        let answer = model.answer(images, store)
        guard options.mirrors else { return answer }
        return averaged(answer, model.answer(images.mirrored(), store)) ?? answer
    }
}
