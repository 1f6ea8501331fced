import Datasets
import Distillation
import Layers
import Tensors

/// How the loss on training images, without augmentation, rises around trained weights.
/// - Parameter images: how many training images are used at most.
/// - Throws: when the data cannot be read or has other classes than the weights.
public func flatness(
    of weights: Weights, _ recipe: Recipe, directions: Int, points: Int, images: Int
) throws -> FlatnessProfile {
    ThreadPool.use(recipe.training)
    let splits = try openDataset(
        recipe.data.path, validation: recipe.data.validation, seed: UInt64(recipe.run.seed),
        onBroken: recipe.data.onBroken)
    guard try recipe.data.names(of: splits.classNames) == weights.metadata.classNames else {
        throw RecipeError("\(recipe.data.path) has other classes than the weights were trained with")
    }
    let count = min(images, splits.train.count)
    let subset = SubsetDataset(splits.train, indices: (0..<count).map { $0 * splits.train.count / count })
    let options = LoaderOptions(
        batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads,
        cacheBudget: recipe.data.cacheMegabytes << 20)
    let loader = BatchLoader(
        subset, transform: try Transform(weights.metadata.transform, mode: .evaluation), options: options)
    return try FlatnessProfile.measure(
        weights.store, seed: UInt64(recipe.run.seed), directions: directions, points: points
    ) { try evaluate(weights.model, $0, loader).loss }
}
