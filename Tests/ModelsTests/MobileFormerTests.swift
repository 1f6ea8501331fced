import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite struct MobileFormerTests {
    /// The map and the tokens after each of five rows, logits, loss and gradients, batch norms on running statistics.
    @Test func resultsAndGradientsAgreeWithTheAuthors() throws {
        try compare(Double.self, 1e-6, gradients: 1e-6)
        // The last row's tokens have little left of them before their norm: PyTorch in single precision is as far from these
        // results, 5e-5 and 2e-3.
        try compare(Float.self, 1e-4, gradients: 5e-3)
    }

    private func compare<S: Scalar>(_ type: S.Type, _ tolerance: Double, gradients: Double) throws {
        let fixture = try DenseFixture("mobile_former")
        let small = MobileFormerSpecification(
            stemWidth: 8, widths: [8, 12, 12, 16, 20], expansions: [2, 3, 2, 3, 3], strides: [1, 2, 1, 2, 1],
            secondExpansion: 2, tokens: .init(count: 3, width: 16), ending: .init(expansion: 2, width: 24), classes: 7)
        let specification = ModelSpecification(small)
        let images: Tensor<S> = try fixture.map("input")
        let model = try specification.makeModel(height: images.shape[1], width: images.shape[2])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        try fixture.load(store, "param.", rename: specification.canonicalName)
        let tape = Tape<S>()
        let context = Context(store, mode: .evaluation, tape: tape)
        let backbone = try #require(model.backbone as? MobileFormer)
        for (index, row) in backbone.rows(Variable(images), context).enumerated() {
            #expect(try fixture.error("feature.\(index)", row.map.value) <= tolerance, "row \(index)")
            let tokens = row.tokens.value.transposed([1, 0, 2]).array.map { Double($0) }
            let expected = try #require(fixture.file["tokens.\(index)"]).doubles()
            #expect(relativeError(tokens, expected) <= tolerance, "tokens after row \(index)")
        }
        let output = model(Variable(images), context)
        let logits = try #require(fixture.file["logits"]).doubles()
        #expect(relativeError(output.logits.value.array.map { Double($0) }, logits) <= tolerance)
        let (loss, gradient) = plainCrossEntropy(
            output.logits.value, try #require(fixture.file["target"]).integers())
        #expect(abs(loss - (try fixture.number("loss"))) <= tolerance * loss)
        tape.backward(from: [(output.logits, gradient)])
        let flat = Storage<S>(count: store.list.flatCount)
        #expect(context.collectGradients(into: flat) == [])
        let (worst, count) = try fixture.gradientError(store, flat, "grad.") { $0 }
        #expect(worst <= gradients && count == model.parameters.entries.count, "\(worst) of \(count) gradients")
    }

    @Test func tapsAreTheLastMapsAtEachResolutionThatHasTokens() throws {
        let specification = try #require(ModelSpecification.variant("mobile_former_294m"))
        let taps = try specification.makeModel(height: 224, width: 224).taps(height: 224, width: 224)
        #expect(taps.map(\.stride) == [4, 8, 16, 32])
        #expect(taps.map(\.channels) == [24, 48, 128, 192])
        #expect(taps.map(\.height) == [56, 28, 14, 7])
    }

    @Test func parametersHaveTheOfficialNames() throws {
        let specification = try #require(ModelSpecification.variant("mobile_former_294m"))
        let names = try specification.makeModel(height: 224, width: 224).parameters.entries.map {
            "\($0.name) \($0.fileShape)"
        }
        #expect(names[0] == "tokens.weight [6, 192]" && names[1] == "stem.0.weight [16, 3, 3, 3]")
        #expect(names.contains("features.0.conv.4.weight [16, 32, 1, 1]"))
        #expect(names.contains("features.1.conv3.0.weight [96, 1, 3, 3]"))
        #expect(names.contains("features.7.conv1.0.weight [576, 96, 1, 1]"))
        #expect(names.contains("features.7.global_local.proj.weight [128, 192]"))
        #expect(names.last == "classifier.classifier.1.bias [1000]")
    }

    /// Shuffle(2) of six channels, as PyTorch's `ChannelShuffle` has it; the pairs of channels are groups.
    @Test func groupsAreShuffled() {
        let x = Variable(Tensor<Float>([1, 1, 1, 6], [0, 1, 2, 3, 4, 5]))
        #expect(x.shuffled(groups: 2).value.array == [0, 3, 1, 4, 2, 5])
        #expect(x.shuffled(groups: 3).value.array == [0, 2, 4, 1, 3, 5])
    }

    /// As a backbone of a dense head nothing of the classifier is there, and everything else is trained.
    @Test func everyParameterIsReachedUnderADenseHead() throws {
        var small = try #require(MobileFormerSpecification.variant("mobile_former_nano32"))
        small.widths = [8, 8, 8, 12, 12, 16, 16]
        small.stemWidth = 8
        let specification = ModelSpecification(
            small, neck: FeaturePyramidSpecification(channels: 8), head: SemanticFPNHeadSpecification(classes: 3))
        let model = try specification.makeModel(height: 32, width: 32)
        #expect(!model.parameters.entries.contains { $0.name.hasPrefix("classifier") })
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        var random = Random(seed: 1, purpose: "images")
        let output = model(Variable(.normal([2, 32, 32, 3], from: &random)), context)
        tape.backward(from: [(output.logits, output.logits.value)])
        #expect(context.collectGradients(into: Storage(count: store.list.flatCount)) == [])
    }

    @Test func whatDoesNotFitIsTold() throws {
        func problem(_ change: (inout MobileFormerSpecification) -> Void) throws -> String {
            var specification = try #require(MobileFormerSpecification.variant("mobile_former_nano32"))
            change(&specification)
            do {
                _ = try ModelSpecification(specification).makeModel(height: 32, width: 32)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(try problem { _ in } == "none")
        #expect(try problem { $0.widths[2] = 7 }.hasPrefix("model.widths has 7, expected multiples"))
        #expect(try problem { $0.strides = [1] }.hasPrefix("model.strides has 1 entries"))
        #expect(try problem { $0.tokens.width = 6 }.hasPrefix("model.tokenWidth is 6"))
        #expect(try problem { $0.groups = 3 }.hasPrefix("model.widths has 16, expected multiples"))
        #expect(try problem { $0.expansions[0] = 0 }.hasPrefix("model.expansions is [0"))
    }
}
