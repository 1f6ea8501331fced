import Autograd
import Layers
import Models
import Tensors
import Testing

/// A preset with random values that let every part carry signal, and a batch for it.
private struct Sample {
    let model: Model
    let store: ParameterStore<Float>
    let images: Tensor<Float>

    init(_ name: String) throws {
        var specification = try #require(ModelSpecification.variant(name))
        specification.classes = 10
        model = try specification.makeModel(height: 32, width: 32)
        store = ParameterStore(model.parameters, seed: 1)
        store.redraw(seed: 1)
        var random = Random(seed: 3, purpose: "images")
        images = .normal([5, 32, 32, 3], from: &random)
    }

    func logits() -> Tensor<Float> { model(Variable(images), .evaluation(store)).logits.value }
}

/// Asking models with weights that are packed once, in both precisions.
@Suite struct InferencePrecisionTests {
    private static let presets = [
        "hornet_pico_7x7", "hornet_pico_gf", "hornet_nano_7x7", "convnext_nano32", "resnet20", "cvt_nano32",
        "swin_nano32",
    ]

    @Test(arguments: presets + ["mobile_former_nano32"]) func packedWeightsGiveTheSameBits(name: String) throws {
        let sample = try Sample(name)
        let plain = sample.logits().array.map(\.bitPattern)
        let packed = PackedWeights(sample.store.flat, .full)
        for _ in 0..<2 { #expect(packed.whileAsking { sample.logits().array.map(\.bitPattern) } == plain) }
        // New values, as loading writes them.
        let other = ParameterStore<Float>(sample.model.parameters, seed: 2)
        other.redraw(seed: 2)
        sample.store.update(from: other)
        let changed = packed.whileAsking { sample.logits().array.map(\.bitPattern) }
        #expect(changed == sample.logits().array.map(\.bitPattern) && changed != plain)
    }

    /// In bfloat16 some images after the other, in single precision all together.
    @Test(arguments: presets) func anAnswerAloneIsThatOfTheWholeOutput(name: String) throws {
        let sample = try Sample(name)
        // More than go through the model at once.
        var random = Random(seed: 4, purpose: "images")
        let images = Tensor<Float>.normal([171, 32, 32, 3], from: &random)
        func whole() -> [Float] { sample.model(Variable(images), .evaluation(sample.store)).logits.value.array }
        func answer() -> [Float] { sample.model.answer(images, sample.store).logits.value.array }
        #expect(answer().map(\.bitPattern) == whole().map(\.bitPattern))
        PackedWeights(sample.store.flat, .bfloat16).whileAsking {
            let (parts, together) = (answer(), whole())
            let largest = together.map(abs).max() ?? 0
            #expect(zip(parts, together).allSatisfy { abs($0 - $1) <= 1e-2 * largest })
            #expect(sample.model.answer(images, sample.store).features.isEmpty, "all went through the model together")
        }
    }

    @Test(arguments: presets) func bfloat16ComesCloseToSinglePrecision(name: String) throws {
        let sample = try Sample(name)
        let single = sample.logits().array
        let rounded = PackedWeights(sample.store.flat, .bfloat16).whileAsking { sample.logits().array }
        let largest = single.map(abs).max() ?? 0
        let difference = zip(single, rounded).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference <= 1e-2 * largest, "\(difference / largest)")
        #expect((difference > 0) == ProductPrecision.hasBFloat16, "products are rounded where there are some")
    }
}
