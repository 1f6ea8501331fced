import Tensors
import TestSupport
import Testing

/// A norm and layers behind it, of so many channels.
private struct Layers {
    private let x: Tensor<Float>
    private let weights: FeedForwardWeights<Float>

    init(channels c: Int) {
        var random = Random(seed: 9, purpose: "wide blocks")
        func values(_ shape: Shape) -> Tensor<Float> { .normal(shape, deviation: 0.1, from: &random) }
        let h = 1024
        x = .normal([3, 7, 9, c], from: &random)
        weights = FeedForwardWeights(
            gain: values([c]), offset: values([c]), epsilon: 1e-6, expand: values([h, c]), expandBias: values([h]),
            reduce: values([c, h]), reduceBias: values([c]), activation: .gelu)
    }

    func branch(keeping: Bool) -> [UInt32] {
        x.feedForwardBranch(weights, base: nil, scale: nil, factors: nil, keeping: keeping).output.bits
    }

    func split() -> [UInt32] {
        x.normalizedLinear(
            gain: weights.gain, offset: weights.offset, epsilon: 1e-6, weights.expand, nil, splitInto: [300, 724],
            keeping: false
        ).parts.flatMap(\.bits)
    }
}

/// Where nothing is recorded, the number of threads chooses the blocks of rows of wide layers.
@Suite struct WideBlocksTests {
    /// Few channels, whose norms take rows together, and many.
    @Test(arguments: [48, 160], [ProductPrecision.full, .bfloat16])
    func neitherThreadsNorATapeChangeABit(channels: Int, precision: ProductPrecision) {
        let layers = Layers(channels: channels)
        ProductPrecision.$current.withValue(precision) {
            let recorded = layers.branch(keeping: true)
            #expect(layers.branch(keeping: false) == recorded)
            #expect(ThreadIndependence.violations { layers.branch(keeping: false) + layers.split() } == [])
        }
    }
}
