import Datasets
import Distillation
import Layers
import Tensors

/// How the loss on training images, without augmentation, rises around trained weights.
/// - Parameter images: how many training images are used at most.
/// - Parameter notice: is told what was decided about the data, one sentence each.
/// - Throws: when the data cannot be read or has other classes than the weights.
public func flatness(
    of weights: Weights, _ recipe: Recipe, directions: Int, points: Int, images: Int,
    notice: (String) -> Void = { _ in }
) throws -> FlatnessProfile {
    ThreadPool.use(recipe.training)
    let splits = try recipe.data.open(seed: recipe.run.seed, onBroken: recipe.data.onBroken)
    for sentence in splits.notices { notice(sentence) }
    let train = try weights.labelled(splits.train, recipe.data)
    let count = min(images, train.count)
    let subset = SubsetDataset(train, indices: (0..<count).map { $0 * train.count / count })
    let options = LoaderOptions(
        batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads,
        cacheBudget: recipe.data.cacheMegabytes << 20)
    let loader = BatchLoader(
        subset, transform: try Transform(weights.metadata.transform, mode: .evaluation), options: options)
    return try FlatnessProfile.measure(
        weights.store, seed: UInt64(recipe.run.seed), directions: directions, points: points
    ) { try evaluate(weights.model, $0, loader).loss }
}
