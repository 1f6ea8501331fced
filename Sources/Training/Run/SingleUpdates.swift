import Tasks

/// Makes updates one by one with learning rates as they come, batch after batch and epoch after epoch.
final class SingleUpdates<Task: LearningTask> {
    private let loader: RunLoaders<Task>.Loader
    private let step: TrainingStep<Task>
    private var epoch = 0

    init(_ loader: RunLoaders<Task>.Loader, _ step: TrainingStep<Task>) {
        (self.loader, self.step) = (loader, step)
        loader.start(epoch: 0)
    }

    deinit { loader.stop() }

    /// - Returns: the loss of the update's batch.
    func callAsFunction(_ index: Int, learningRate: Double) throws -> Double {
        var next = try loader.next()
        if next == nil {
            epoch += 1
            loader.start(epoch: epoch)
            next = try loader.next()
        }
        guard let batch = next else { throw RecipeError("there are no training images") }
        return try step(batch, update: index, learningRate: learningRate).loss
    }
}
