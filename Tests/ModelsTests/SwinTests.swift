import Autograd
import Configuration
import Layers
import Models
import Tensors
import Testing

@Suite struct SwinTests {
    /// Results and gradients against timm, whose windows shrink to the map, and against torchvision, which extends maps:
    /// at every stage, before merging, and along one axis of the shift.
    @Test(arguments: ["swin", "swin_padded"])
    func resultsAndGradientsAgreeWithOtherLibraries(name: String) throws {
        try compare(Double.self, name, 1e-6)
        try compare(Float.self, name, 3e-5)
    }

    private func compare<S: Scalar>(_ type: S.Type, _ name: String, _ tolerance: Double) throws {
        let fixture = try DenseFixture(name)
        let isFitted = name == "swin"
        let specification = ModelSpecification(
            SwinSpecification(
                baseWidth: 8, depths: [2, 2, 2], heads: isFitted ? [1, 2, 4] : [2, 2, 4], window: 4,
                fitsWindows: isFitted, classes: isFitted ? 7 : 5))
        let images: Tensor<S> = try fixture.map("input")
        let model = try specification.makeModel(height: images.shape[1], width: images.shape[2])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        try fixture.load(store, "param.", rename: specification.canonicalName)
        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let output = model(Variable(images), context)
        for (index, map) in output.features.enumerated() {
            #expect(try fixture.error("feature.\(index)", map.value) <= tolerance, "stage \(index)")
        }
        let logits = try #require(fixture.file["logits"]).doubles()
        #expect(relativeError(output.logits.value.array.map { Double($0) }, logits) <= tolerance)
        let labels = try #require(fixture.file["target"]).integers()
        let (loss, gradient) = plainCrossEntropy(output.logits.value, labels)
        #expect(abs(loss - (try fixture.number("loss"))) <= tolerance * loss)
        tape.backward(from: [(output.logits, gradient)])
        let flat = Storage<S>(count: store.list.flatCount)
        #expect(context.collectGradients(into: flat) == [])
        let entries = model.parameters.entries.count
        let (worst, count) = try fixture.gradientError(store, flat, "grad.") {
            specification.canonicalName($0)
        }
        #expect(worst <= tolerance && count == entries, "\(worst) of \(count) gradients")
    }

    @Test func parametersHaveTimmsNames() throws {
        let specification = try #require(ModelSpecification.variant("swin_tiny"))
        let names = try specification.makeModel(height: 224, width: 224).parameters.entries.map {
            "\($0.name) \($0.fileShape)"
        }
        #expect(names[0] == "patch_embed.proj.weight [96, 3, 4, 4]")
        #expect(names.contains("layers.0.blocks.1.attn.relative_position_bias_table [169, 3]"))
        #expect(names.contains("layers.2.downsample.reduction.weight [384, 768]"))
        #expect(names.contains("layers.3.blocks.1.attn.qkv.weight [2304, 768]"))
        #expect(!names.contains { $0.hasPrefix("layers.0.downsample") || $0.contains("reduction.bias") })
        #expect(
            names.suffix(4) == [
                "norm.weight [768]", "norm.bias [768]", "head.fc.weight [1000, 768]", "head.fc.bias [1000]",
            ])
    }

    @Test func theDenseBackboneHasANormForEachMap() throws {
        let specification = ModelSpecification(
            try #require(SwinSpecification.variant("swin_tiny")),
            head: UPerNetHeadSpecification(classes: 3, channels: 8, auxiliaryChannels: 6))
        let entries = try specification.makeModel(height: 64, width: 64).parameters.entries
        let own = entries.filter {
            specification.backbone.part(of: $0.name) != nil || $0.name.hasPrefix("norm")
        }
        #expect(own.reduce(0) { $0 + $1.shape.elementCount } == 27_520_698)
    }

    /// Under heads for pixels and for objects, with maps of single windows: what no gradient reaches is refused in training.
    @Test(arguments: 0..<3)
    func everyParameterIsReachedUnderDenseHeads(index: Int) throws {
        let small = SwinSpecification(baseWidth: 8, depths: [1, 2, 2, 1], heads: [1, 2, 2, 4], window: 3)
        let pyramid = FeaturePyramidSpecification(channels: 8)
        let specification = [
            ModelSpecification(small, head: UPerNetHeadSpecification(classes: 3, channels: 8, auxiliaryChannels: 6)),
            ModelSpecification(small, neck: pyramid, head: SemanticFPNHeadSpecification(classes: 3)),
            ModelSpecification(
                small, neck: FeaturePyramidSpecification(channels: 8, extraLevels: 1),
                head: RetinaNetHeadSpecification(classes: 3)),
        ][index]
        let model = try specification.makeModel(height: 60, width: 44)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        var random = Random(seed: 1, purpose: "images")
        let answer = model(Variable(.normal([2, 60, 44, 3], from: &random)), context).answer
        tape.backward(from: answer.map { ($0, $0.value) })
        #expect(context.collectGradients(into: Storage(count: store.list.flatCount)) == [])
    }

    @Test func tablesOfPositionsAreNotDecayed() throws {
        let specification = try #require(ModelSpecification.variant("swin_nano32"))
        for entry in try specification.makeModel(height: 32, width: 32).parameters.entries {
            #expect(entry.isDecayed == (entry.name.hasSuffix("weight") && entry.shape.rank > 1), "\(entry.name)")
        }
    }

    /// All conventions of shifting and of windows are one where every map has more than one window.
    @Test func conventionsAgreeOnLargeMaps() throws {
        func logits(_ change: (inout SwinSpecification) -> Void, _ side: Int) throws -> [Float] {
            var specification = SwinSpecification(
                baseWidth: 8, depths: [2, 2], heads: [1, 2], stemStride: 2, window: 3, classes: 4)
            change(&specification)
            let model = try ModelSpecification(specification).makeModel(height: side, width: side)
            let store = ParameterStore<Float>(model.parameters, seed: 1)
            store.redraw(seed: 2)
            var random = Random(seed: 1, purpose: "images")
            return model(Variable(.normal([1, side, side, 3], from: &random)), .evaluation(store)).logits.value.array
        }
        let plain = try logits({ _ in }, 24)
        #expect(try logits({ $0.fitsWindows = true }, 24) == plain)
        #expect(try logits({ $0.shiftsAlways = true }, 24) == plain)
        #expect(try logits({ $0.shiftsAlways = true }, 6) != logits({ _ in }, 6))
    }

    @Test func tasksOfPlacesShiftWindowsAlways() throws {
        func shifts(_ keys: String, _ places: Bool) throws -> Bool? {
            let specification = try ConfigurationDocument.parse(text: "{name: swin_tiny\(keys)}", name: "t.yaml").read {
                ModelConfiguration($0, answersAboutPlaces: places).specification
            }
            return (specification.backbone as? SwinSpecification)?.shiftsAlways
        }
        #expect(try shifts("", false) == false)
        #expect(try shifts("", true) == true)
        #expect(try shifts(", shiftsAlways: false", true) == false)
        #expect(try shifts(", shiftsAlways: true", false) == true)
    }

    @Test func fittedWindowsAreThoseOfTheImagesTheModelIsMadeFor() throws {
        let specification = SwinSpecification(
            baseWidth: 8, depths: [1, 1, 1], heads: [1, 1, 1], window: 4, fitsWindows: true)
        let made = try specification.resolved(height: 32, width: 64)
        #expect(made.windows == [[4, 4], [4, 4], [2, 4]])
        #expect(try made.resolved(height: 64, width: 64) == made)
        #expect(
            try SwinSpecification(baseWidth: 8, depths: [1], heads: [1]).resolved(height: 8, width: 8).windows == [])
    }

    @Test func whatDoesNotFitIsToldAtItsKey() throws {
        for (keys, expected) in [
            ("heads: [3, 6, 12, 5]", "`model.heads`: has 5 in stage 3"), ("window: 0", "`model.window` is `0`"),
            ("depths: [1, 2]", "`model.heads`: has 4 entries"),
        ] {
            let document = try ConfigurationDocument.parse(text: "model: {name: swin_tiny, \(keys)}", name: "t.yaml")
            do {
                _ = try document.read { reader in reader.section("model", "") { ModelConfiguration($0) } }
                Issue.record("no problem with \(keys)")
            } catch { #expect("\(error)".contains(expected), "\(error)") }
        }
    }

    @Test(arguments: [
        ("features.0.0.weight", "patch_embed.proj.weight"), ("features.0.2.bias", "patch_embed.norm.bias"),
        ("features.1.0.norm1.weight", "layers.0.blocks.0.norm1.weight"),
        ("features.2.reduction.weight", "layers.1.downsample.reduction.weight"),
        ("features.5.3.mlp.0.bias", "layers.2.blocks.3.mlp.fc1.bias"),
        ("features.7.1.mlp.3.weight", "layers.3.blocks.1.mlp.fc2.weight"),
        (
            "backbone.features.3.1.attn.relative_position_bias_table",
            "layers.1.blocks.1.attn.relative_position_bias_table"
        ),
        ("head.weight", "head.fc.weight"), ("norm.weight", "norm.weight"), ("features", "features"),
        ("layers.1.blocks.0.mlp.fc1.weight", "layers.1.blocks.0.mlp.fc1.weight"),
    ])
    func otherLibrariesNamesAreUnderstood(theirs: String, ours: String) {
        #expect(SwinSpecification.canonicalName(theirs) == ours)
    }
}
