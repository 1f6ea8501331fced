import Datasets
import Distillation
import Layers
import Tensors

/// How the loss on training images, without augmentation, rises around trained weights.
public struct FlatnessMeasurement {
    private let recipe: Recipe
    private let splits: DatasetSplits

    /// What `train` says about the data, one sentence each.
    public var notices: [String] { splits.notices }

    /// Opens the data of a recipe, whose training images are used.
    /// - Throws: when the data cannot be read.
    public init(_ recipe: Recipe) throws {
        ThreadPool.use(recipe.training)
        self.recipe = recipe
        splits = try openDataset(
            recipe.data.path, validation: recipe.data.validation, seed: UInt64(recipe.run.seed),
            onBroken: recipe.data.onBroken)
    }

    /// - Parameters:
    ///   - images: how many training images are used at most.
    ///   - each: called after each of the `directions` * `points` + 1 measurements; what it throws ends them.
    /// - Throws: when the weights do not know the classes of the data.
    public func profile(
        of weights: Weights, directions: Int, points: Int, images: Int, each: () throws -> Void = {}
    ) throws -> FlatnessProfile {
        let train = try weights.matched(
            splits.train, names: try recipe.data.names(of: splits.classNames), path: recipe.data.path)
        let count = min(images, train.count)
        let subset = SubsetDataset(train, indices: (0..<count).map { $0 * train.count / count })
        let options = LoaderOptions(
            batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads,
            cacheBudget: recipe.data.cacheMegabytes << 20)
        let loader = BatchLoader(
            subset, transform: try Transform(weights.metadata.transform, mode: .evaluation), options: options)
        return try FlatnessProfile.measure(
            weights.store, seed: UInt64(recipe.run.seed), directions: directions, points: points
        ) { store in
            let loss = try evaluate(weights.model, store, loader).loss
            try each()
            return loss
        }
    }
}
