import Autograd
import Layers
import Models
import Tensors
import Testing
import Training

/// Running statistics of batch norms, gathered for weights that have none of their own.
@Suite struct GatheredStatisticsTests {
    private let weights: Weights
    private let images: Tensor<Float>

    init() throws {
        let options = ["model.name=resnet20", "model.classes=2", "data.imageSize=[8, 8]"]
        weights = try Weights(fresh: recipe(options).outline)
        var random = Random(seed: 1, purpose: "statistics")
        images = .normal([64, 8, 8, weights.metadata.transform.channels], from: &random)
    }

    private func logits(_ context: Context<Float>) -> [Float] {
        weights.model.answer(Variable(images), context).logits.value.array
    }

    /// Of one batch they are the batch's own, but that variances are of a sample: 256 numbers in the last stage.
    @Test(arguments: [1, 3])
    func theModelSaysOfABatchWhatItSaidInTraining(times: Int) {
        var statistics = GatheredStatistics()
        for _ in 0..<times { statistics.add(weights, images, seed: 0) }
        statistics.write(into: weights.store)
        let expected = logits(Context(weights.store, mode: .training, random: RandomKey(seed: 0, purpose: "step")))
        let found = logits(.evaluation(weights.store))
        let largest = expected.map(abs).max() ?? 0
        let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference < 0.03 * largest, "off by \(difference) of \(largest)")
    }
}
