import Tensors
import TestSupport
import Testing

/// Two layers whose weights lie behind each other in one buffer, as a model's do.
private struct TwoLayers {
    let flat: Storage<Float>
    let x: Tensor<Float>

    init() {
        var random = Random(seed: 6, purpose: "packed weights")
        let values = Tensor<Float>.normal([40 * 70 + 50 * 40], from: &random)
        flat = values.storage
        x = .normal([90, 70], from: &random)
    }

    func callAsFunction() -> [UInt32] {
        let first = Tensor(storage: flat, offset: 0, shape: [40, 70])
        let second = Tensor(storage: flat, offset: 40 * 70, shape: [50, 40])
        return x.linear(first, nil).linear(second, nil, splitInto: [20, 30]).flatMap(\.bits)
    }
}

@Suite struct PackedWeightsTests {
    private let layers = TwoLayers()
    /// Whether products of this processor read packed weights at all.
    private var packs: Bool { Float.packedCount(inner: 1, columns: 1, .full) > 0 }

    @Test(arguments: [ProductPrecision.full, .bfloat16])
    func bitsAreThoseOfWeightsThatArePackedInEveryCall(precision: ProductPrecision) {
        let plain = ProductPrecision.$current.withValue(precision) { layers() }
        let packed = PackedWeights(layers.flat, precision)
        for _ in 0..<2 { #expect(packed.whileAsking { layers() } == plain) }
        #expect(packed.count == (packs ? 3 : 0))
    }

    @Test func copiesAreMadeOnceAndOnlyOfTheWeights() {
        let packed = PackedWeights(layers.flat, .full)
        func ask() {
            packed.whileAsking {
                _ = layers()
                // A product of two results of the model.
                _ = layers.x.linear(Tensor([30, 70], repeating: 1), nil)
            }
        }
        ask()
        #expect(packed.count == (packs ? 3 : 0))
        ask()
        #expect(packed.count == (packs ? 3 : 0))
        PackedWeights(layers.flat, .full).whileAsking { _ = layers() }
        #expect(packed.count == (packs ? 3 : 0), "others' products leave copies alone")
    }

    @Test func aChangeOfTheWeightsDropsThem() {
        let packed = PackedWeights(layers.flat, .full)
        let before = packed.whileAsking { layers() }
        for i in 0..<layers.flat.count { layers.flat.pointer[i] *= 0.5 }
        layers.flat.noteChange()
        let after = packed.whileAsking { layers() }
        #expect(after == layers() && after != before)
    }

    @Test func precisionIsThatOfTheSurroundingsUnlessItIsSaid() {
        let packed = PackedWeights(layers.flat)
        let full = layers()
        #expect(packed.whileAsking { layers() } == full)
        let rounded = ProductPrecision.$current.withValue(.bfloat16) {
            (plain: layers(), packed: packed.whileAsking { layers() })
        }
        #expect(rounded.packed == rounded.plain)
        #expect((rounded.plain == full) == !ProductPrecision.hasBFloat16)
        let single = PackedWeights(layers.flat, .full)
        #expect(ProductPrecision.$current.withValue(.bfloat16) { single.whileAsking { layers() } } == full)
    }

    @Test(arguments: [ProductPrecision.full, .bfloat16])
    func theNumberOfThreadsDoesNotMatter(precision: ProductPrecision) {
        let violations = ThreadIndependence.violations {
            let packed = PackedWeights(layers.flat, precision)
            return packed.whileAsking { layers() + layers() }
        }
        #expect(violations == [])
    }
}
