import Autograd
import Layers
import Models
import Tensors
import Testing

private func images(_ count: Int, _ height: Int, _ width: Int, channels: Int = 3) -> Variable<Float> {
    var random = Random(seed: 1, purpose: "images")
    return Variable(.normal([count, height, width, channels], from: &random))
}

private func variant(_ name: String) throws -> HorNetSpecification {
    try #require(HorNetSpecification.variant(name))
}

@Suite struct HorNetTests {
    @Test func parametersHaveTheOfficialNamesShapesAndOrder() throws {
        let model = try ModelSpecification(variant("hornet_tiny_gf")).makeModel(height: 224, width: 224)
        let entries = model.parameters.entries.map { "\($0.name) \($0.fileShape)" }
        func block(_ name: String, _ channels: Int, order: Int, _ mixer: [String]) -> [String] {
            let gnconv =
                [
                    "proj_in.weight [\(2 * channels), \(channels), 1, 1]", "proj_in.bias [\(2 * channels)]",
                ] + mixer + ["proj_out.weight [\(channels), \(channels), 1, 1]", "proj_out.bias [\(channels)]"]
                + (0..<order - 1).flatMap { k in
                    let (from, to) = (channels >> (order - 1 - k), channels >> (order - 2 - k))
                    return ["pws.\(k).weight [\(to), \(from), 1, 1]", "pws.\(k).bias [\(to)]"]
                }
            return [
                "gamma1 [\(channels)]", "gamma2 [\(channels)]", "norm1.weight [\(channels)]",
                "norm1.bias [\(channels)]",
            ].map { "\(name).\($0)" } + gnconv.map { "\(name).gnconv.\($0)" }
                + [
                    "norm2.weight [\(channels)]", "norm2.bias [\(channels)]",
                    "pwconv1.weight [\(4 * channels), \(channels)]", "pwconv1.bias [\(4 * channels)]",
                    "pwconv2.weight [\(channels), \(4 * channels)]", "pwconv2.bias [\(channels)]",
                ].map { "\(name).\($0)" }
        }
        let first = block("stages.0.0", 64, order: 2, ["dwconv.weight [96, 1, 7, 7]", "dwconv.bias [96]"])
        let last = block(
            "stages.3.1", 512, order: 5,
            [
                "dwconv.complex_weight [496, 7, 4, 2]", "dwconv.dw.weight [496, 1, 3, 3]",
                "dwconv.pre_norm.weight [992]", "dwconv.pre_norm.bias [992]", "dwconv.post_norm.weight [992]",
                "dwconv.post_norm.bias [992]",
            ])
        #expect(first.count == 18 && last.count == 28)
        #expect(
            Array(entries.prefix(16)) == [
                "downsample_layers.0.0.weight [64, 3, 4, 4]", "downsample_layers.0.0.bias [64]",
                "downsample_layers.0.1.weight [64]", "downsample_layers.0.1.bias [64]",
                "downsample_layers.1.0.weight [64]", "downsample_layers.1.0.bias [64]",
                "downsample_layers.1.1.weight [128, 64, 2, 2]", "downsample_layers.1.1.bias [128]",
                "downsample_layers.2.0.weight [128]", "downsample_layers.2.0.bias [128]",
                "downsample_layers.2.1.weight [256, 128, 2, 2]", "downsample_layers.2.1.bias [256]",
                "downsample_layers.3.0.weight [256]", "downsample_layers.3.0.bias [256]",
                "downsample_layers.3.1.weight [512, 256, 2, 2]", "downsample_layers.3.1.bias [512]",
            ])
        #expect(Array(entries[16..<34]) == first)
        #expect(Array(entries[(entries.count - 32)..<(entries.count - 4)]) == last)
        #expect(
            Array(entries.suffix(4)) == [
                "norm.weight [512]", "norm.bias [512]", "head.weight [1000, 512]", "head.bias [1000]",
            ])
    }

    /// Strided convolutions round down, so any size works until nothing is left; 16 x 16 ends in a single pixel.
    @Test(arguments: ["hornet_pico_7x7", "hornet_pico_gf"], [[32, 32], [33, 47], [16, 16], [31, 17], [16, 70]])
    func imagesOfAnySizeAreTaken(name: String, size: [Int]) throws {
        let (height, width) = (size[0], size[1])
        let model = try ModelSpecification(variant(name)).makeModel(height: height, width: width)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 1)
        let output = model(images(2, height, width), .evaluation(store))
        #expect(output.logits.shape == [2, 10])
        #expect(output.logits.value.isFinite)
        let taps = try model.taps(height: height, width: width)
        #expect(taps.map(\.name) == ["stage0", "stage1", "stage2", "stage3"])
        #expect(taps.map(\.stride) == [2, 4, 8, 16])
        #expect(taps.map(\.channels) == [16, 32, 64, 128])
        #expect(taps.map { Shape([2, $0.height, $0.width, $0.channels]) } == output.features.map(\.shape))
        #expect(taps[3].height == height / 16 && taps[3].width == width / 16)
        let trace = try model.trace(height: height, width: width)
        let traced: [Shape] = trace.children.filter { $0.kind == "stage" }.map { $0.output.replacing(axis: 0, with: 2) }
        #expect(traced == output.features.map(\.shape))
    }

    /// One network serves images of another size than it was made for.
    @Test func filtersFollowImagesOfAnotherSize() throws {
        let model = try ModelSpecification(variant("hornet_pico_gf")).makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 1)
        for (height, width) in [(32, 32), (40, 24), (49, 33), (16, 16)] {
            let output = model(images(1, height, width), .evaluation(store))
            #expect(output.logits.value.isFinite)
            #expect(output.features[3].shape == [1, height / 16, width / 16, 128])
        }
    }

    @Test func anImagesResultDoesNotDependOnItsBatch() throws {
        let model = try ModelSpecification(variant("hornet_pico_gf")).makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 1)
        let batch = images(3, 32, 32)
        let together = model(batch, .evaluation(store)).logits.value.array
        let size = 32 * 32 * 3
        for i in 0..<3 {
            let single = Tensor<Float>([1, 32, 32, 3], Array(batch.value.array[i * size..<(i + 1) * size]))
            let alone = model(Variable(single), .evaluation(store)).logits.value.array
            let largest = alone.map(abs).max() ?? 1
            for (a, b) in zip(alone, together[i * 10..<(i + 1) * 10]) { #expect(abs(a - b) <= 2e-5 * largest) }
        }
    }

    @Test func pathsAreDroppedInTrainingOnlyAndTheSameForTheSameStep() throws {
        var specification = try variant("hornet_pico_7x7")
        specification.dropPath = 0.5
        let model = try ModelSpecification(specification).makeModel(height: 16, width: 16)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 1)
        let batch = images(8, 16, 16)
        func logits(_ mode: Context<Float>.Mode, step: Int) -> [Float] {
            let context = Context(store, mode: mode, random: RandomKey(seed: 1, purpose: "step", step))
            return model(batch, context).logits.value.array
        }
        #expect(logits(.training, step: 1) == logits(.training, step: 1))
        #expect(logits(.training, step: 1) != logits(.training, step: 2))
        #expect(logits(.evaluation, step: 1) == logits(.evaluation, step: 2))
        #expect(logits(.training, step: 1) != logits(.evaluation, step: 1))

        // The first block has rate 0, so its output is that of the evaluation.
        let context = Context(store, mode: .training, random: RandomKey(seed: 1, purpose: "step", 1))
        let first = model(batch, context).features[0].value.array
        #expect(first == model(batch, .evaluation(store)).features[0].value.array)

        // Without a rate both modes agree.
        specification.dropPath = 0
        let plain = try ModelSpecification(specification).makeModel(height: 16, width: 16)
        let training = Context(store, mode: .training, random: RandomKey(seed: 1, purpose: "step", 1))
        #expect(plain(batch, training).logits.value.array == logits(.evaluation, step: 1))
    }

    @Test func layerScalesCanBeLeftOut() throws {
        var specification = try variant("hornet_pico_7x7")
        let names = try ModelSpecification(specification).makeModel(height: 32, width: 32).parameters.entries.map(
            \.name)
        specification.layerScale = 0
        let without = try ModelSpecification(specification).makeModel(height: 32, width: 32)
        #expect(without.parameters.entries.map(\.name) == names.filter { !$0.contains("gamma") })
        let store = ParameterStore<Float>(without.parameters, seed: 1)
        #expect(without(images(1, 32, 32), .evaluation(store)).logits.value.isFinite)
    }

    @Test func firstWeightsAreThoseOfThePaper() throws {
        var specification = try variant("hornet_pico_gf")
        specification.headScale = 0.5
        let model = try ModelSpecification(specification).makeModel(height: 32, width: 32)
        for entry in model.parameters.entries {
            let expected: Initializer =
                switch entry.role {
                case .bias: .constant(0)
                case .gain: .constant(1)
                case .layerScale: .constant(1e-6)
                case .weight, .spectrum: .normal(deviation: entry.name == "head.weight" ? 0.01 : 0.02)
                }
            #expect(entry.initializer == expected, "\(entry.name)")
        }
    }

    @Test func namesOfMmpretrainAreUnderstood() throws {
        let model = try ModelSpecification(variant("hornet_pico_gf")).makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 1)
        /// mmpretrain's spelling of an official name.
        func foreign(_ name: String) -> String {
            if name.hasPrefix("head.") { return "head.fc." + name.dropFirst("head.".count) }
            if name.hasPrefix("norm.") { return "backbone.norm3." + name.dropFirst("norm.".count) }
            if name.hasSuffix("gamma1") || name.hasSuffix("gamma2") { return "backbone.\(name).weight" }
            let parts = name.split(separator: ".").map { $0 == "pws" ? "projs" : String($0) }
            return "backbone." + parts.joined(separator: ".")
        }
        let arrays = store.stateDictionary().map {
            NamedArray(name: foreign($0.name), shape: $0.shape, values: $0.values)
        }
        #expect(arrays.contains { $0.name == "backbone.stages.1.0.gnconv.projs.0.weight" })
        let other = ParameterStore<Float>(model.parameters, seed: 2)
        let report = other.load(arrays, rename: HorNetSpecification.canonicalName)
        #expect(report == LoadReport(), "\(report)")
        #expect((0..<store.list.flatCount).allSatisfy { other.flat.pointer[$0] == store.flat.pointer[$0] })
        for entry in model.parameters.entries {
            #expect(HorNetSpecification.canonicalName(entry.name) == entry.name, "official names stay as they are")
            #expect(HorNetSpecification.canonicalName("module." + entry.name) == entry.name)
        }
    }

    @Test func weightsForAnotherImageSizeAreResized() throws {
        let source = try ModelSpecification(variant("hornet_pico_gf")).makeModel(height: 32, width: 32)
        let target = try ModelSpecification(variant("hornet_pico_gf")).makeModel(height: 64, width: 48)
        let store = ParameterStore<Float>(target.parameters, seed: 1)
        let report = store.load(ParameterStore<Float>(source.parameters, seed: 2).stateDictionary())
        #expect(report.isComplete)
        #expect(
            report.resized == [
                "stages.2.0.gnconv.dwconv.complex_weight: [60, 4, 3, 2] -> [60, 8, 4, 2]",
                "stages.2.1.gnconv.dwconv.complex_weight: [60, 4, 3, 2] -> [60, 8, 4, 2]",
                "stages.3.0.gnconv.dwconv.complex_weight: [124, 2, 2, 2] -> [124, 4, 2, 2]",
            ])
    }
}

@Suite struct ModelErrorTests {
    private func message(_ change: (inout HorNetSpecification) -> Void, height: Int = 32, width: Int = 32) -> String? {
        var specification = HorNetSpecification(baseWidth: 16, depths: [1, 1, 1, 1], stemStride: 2)
        change(&specification)
        let error = #expect(throws: ModelError.self) {
            try ModelSpecification(specification).makeModel(height: height, width: width)
        }
        return error?.description
    }

    @Test func anEmptyMapNamesItsStage() throws {
        #expect(
            message({ _ in }, height: 8, width: 64)
                == "stage 3 of the model would have an empty map for 8x64 images; use larger images (data.imageSize), a "
                + "smaller model.stemStride than 2, or fewer stages")
        #expect(
            message({ $0.stemStride = 4 }, height: 3)?.hasPrefix("stage 0 of the model would have an empty map") == true
        )
        let model = try ModelSpecification(HorNetSpecification(baseWidth: 16)).makeModel(height: 32, width: 32)
        #expect(throws: ModelError.self) { try model.taps(height: 31, width: 32) }
        #expect(throws: ModelError.self) { try model.trace(height: 31, width: 32) }
    }

    @Test func anIndivisibleWidthNamesStageAndDivisor() {
        #expect(
            message { $0.baseWidth = 9 }
                == "stages.0: gnConv of order 2 needs channels divisible by 2, but the width is 9")
        #expect(
            message { ($0.baseWidth, $0.orders[1]) = (2, 4) }
                == "stages.1: gnConv of order 4 needs channels divisible by 8, but the width is 4")
    }

    @Test func anOrderBeyondFiveIsRefused() {
        #expect(message { $0.orders[3] = 6 } == "model.orders is [2, 3, 4, 6], expected numbers from 1 to 5")
        #expect(message { $0.orders[0] = 0 } == "model.orders is [0, 3, 4, 5], expected numbers from 1 to 5")
    }

    @Test func otherMistakesSayWhatWasExpected() {
        #expect(message { $0.stemStride = 3 } == "model.stemStride is 3, expected 1, 2 or 4")
        #expect(
            message { $0.orders = [2, 3] }
                == "model.orders has 2 entries, expected one per stage (4), at most 8 stages")
        #expect(message { $0.depths[1] = 0 } == "model.depths is [1, 0, 1, 1], expected numbers from 1 to 256")
        #expect(message { $0.dropPath = 1 } == "model.dropPath is 1.0, expected at least 0 and below 1")
        #expect(message { $0.baseWidth = 0 } == "model.baseWidth is 0, expected 1 to 4096")
        #expect(message { $0.classes = 0 } == "model.classes is 0, expected 1 to 1000000")
    }
}
