import Datasets
import Distillation
import Layers
import Tasks
import Tensors

/// How the loss on training images, without augmentation, rises around trained weights.
package struct FlatnessMeasurement<C: TaskConfiguration> {
    private let recipe: Recipe
    private let splits: DatasetSplits<C.Task.Annotation>

    /// What `train` says about the data, one sentence each.
    package var notices: [String] { splits.notices }

    /// Opens the data of a recipe, whose training images are used.
    /// - Throws: when the data cannot be read.
    package init(_ recipe: Recipe, _ task: C) throws {
        self.recipe = recipe
        splits = try task.open(recipe.dataRequest)
    }

    /// - Parameters:
    ///   - images: how many training images are used at most.
    ///   - each: called after each of the `directions` * `points` + 1 measurements; what it throws ends them.
    /// - Throws: when the weights do not know the classes of the data.
    package func profile(
        of weights: Weights, directions: Int, points: Int, images: Int, each: () throws -> Void = {}
    ) throws -> FlatnessProfile {
        let train = try weights.matched(splits.train, recipe.data, C.self)
        let task = try C.task(weights.metadata.vocabulary)
        let count = min(images, train.count)
        let subset = SubsetDataset(train, indices: (0..<count).map { $0 * train.count / count })
        let options = LoaderOptions(
            batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads,
            cacheBudget: recipe.data.cacheMegabytes << 20)
        let loader = BatchLoader(
            subset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
            collator: task.collator(training: false), options: options)
        return try FlatnessProfile.measure(
            weights.store, seed: UInt64(recipe.run.seed), directions: directions, points: points
        ) { store in
            let loss = try task.evaluate(weights.model, store, loader).scores.loss
            try each()
            return loss
        }
    }
}
