import Layers
import Reporting
import Tasks
import Tensors

/// Measures what a finished run came to: the last weights, the best ones, and the moving average.
struct SummaryMeasurement<Task: LearningTask> {
    let task: Task
    let model: any FeatureModel
    let state: TrainedState
    let best: BestWeights
    let progress: RunProgress

    /// - Parameters:
    ///   - result: the part that results are of, nil where nothing but training images is there.
    ///   - last: measures the last weights on it.
    ///   - before: epochs of the stages before.
    func summary(
        _ result: (part: ResultPart, loader: RunLoaders<Task>.Loader)?, validates: Bool, before: Int,
        last: (RunLoaders<Task>.Loader, ResultPart) throws -> Scores
    ) throws -> Summary {
        var summary = Summary(metric: task.metrics[0])
        summary.validation = progress.lastValidation.map {
            Scores(loss: $0.loss, count: 0, [task.metrics[0]: $0.value])
        }
        if let (part, loader) = result {
            let scores = try last(loader, part)
            let average = try state.average.map { try value($0.store, loader) }
            switch part {
            case .test:
                summary.test = scores
                summary.bestTest = try best.store.map { try value($0, loader) } ?? scores.primary
                summary.averageTest = average
            case .validation:
                summary.validation = scores
                summary.averageValidation = average
            }
        }
        summary.bestEpoch = validates ? best.epoch : before + progress.epoch
        summary.bestValidation = best.scores?.value
        summary.cost = Summary.Cost(
            epochs: progress.epoch, updates: progress.update, imagesPerSecond: progress.clock.imagesPerSecond,
            seconds: 0, peakMemoryMB: Memory.peakMegabytes(), parameters: model.parameters.parameterCount)
        summary.stoppedEarly = progress.stoppedEarly
        return summary
    }

    private func value(_ store: ParameterStore<Float>, _ loader: RunLoaders<Task>.Loader) throws -> Double {
        try task.evaluate(model, store, loader).scores.primary
    }
}
