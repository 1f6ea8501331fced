import Autograd
import Checkpoints
import Configuration
import Foundation
import Layers
import Models
import Tensors
import Testing

/// The list of families belongs to the process, so each of these has one of its own.
@Suite struct RegisteredFamilyTests {
    @Test func aRegisteredFamilyIsChosenByNameAndReadsItsKeys() async {
        await #expect(processExitsWith: .success) {
            #expect(ModelSpecification.familyName(of: "plain_nano32") == nil)
            try ModelFamily.register(PlainSpecification.self)
            #expect(ModelSpecification.familyNames == ModelFamily.builtIn.map { $0.name } + ["plain"])
            #expect(ModelSpecification.names.contains("plain_nano32"))
            #expect(ModelSpecification.familyName(of: "plain_nano32") == "plain")
            let variant = try #require(ModelSpecification.variant("plain_nano32"))
            #expect(variant.usualImageSize(named: "plain_nano32") == 32)
            #expect(variant.usualImageSize(named: "plain") == 224)
            func read(_ text: String) throws -> ModelConfiguration {
                try ConfigurationDocument.parse(text: "model: \(text)", name: "t.yaml").read { reader in
                    reader.section("model", "") { ModelConfiguration($0) }
                }
            }
            let model = try read("{name: plain_nano32, depths: [2, 1]}")
            #expect(
                model.specification
                    == ModelSpecification(PlainSpecification(widths: [16, 32], depths: [2, 1], classes: 10)))
            #expect(try read("{name: plain}").specification == ModelSpecification(PlainSpecification.free))
            for (text, expected) in [
                ("{name: plain, depths: [1]}", "`model.depths`: is [1], expected one number for each of the widths"),
                ("{name: plain, mixers: [gf]}", "unknown key `mixers` in `model`, expected one of"),
            ] {
                do {
                    _ = try read(text)
                    Issue.record("no problem with \(text)")
                } catch { #expect("\(error)".contains(expected), "\(error)") }
            }
        }
    }

    @Test func aRegisteredFamilyIsTrainedWrittenAndReadBack() async {
        await #expect(processExitsWith: .success) {
            let encoder = JSONEncoder()
            let specification = ModelSpecification(PlainSpecification(widths: [4, 6], depths: [1, 2], classes: 3))
            let text = try encoder.encode(specification)
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(ModelSpecification.self, from: text) }
            try ModelFamily.register(PlainSpecification.self)
            #expect(try JSONDecoder().decode(ModelSpecification.self, from: text) == specification)

            let model = try specification.makeModel(height: 13, width: 10)
            #expect(try model.trace(height: 13, width: 10).parameters == model.parameters.parameterCount)
            let store = ParameterStore<Float>(model.parameters, seed: 1)
            let gradients = Storage<Float>(count: model.parameters.flatCount)
            var random = Random(seed: 1, purpose: "images")
            let images = Variable<Float>(.normal([6, 13, 10, 3], from: &random))
            func step() -> Float {
                let tape = Tape<Float>()
                let context = Context(store, mode: .training, tape: tape)
                let loss = model(images, context).logits.crossEntropy(labels: [0, 1, 2, 0, 1, 2])
                tape.backward(from: loss)
                #expect(context.collectGradients(into: gradients) == [])
                for i in 0..<gradients.count { store.flat.pointer[i] -= 0.1 * gradients.pointer[i] }
                return loss.value.item
            }
            let first = step()
            for _ in 0..<20 { _ = step() }
            #expect(step() < 0.7 * first)

            let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try SafetensorsFile(store).write(path: path)
            let again = ParameterStore<Float>(model.parameters, seed: 2)
            let report = try again.load(SafetensorsFile.read(path: path), rename: specification.canonicalName)
            #expect(report == LoadReport())
            #expect(
                model(images, .evaluation(again)).logits.value.array
                    == model(images, .evaluation(store)).logits.value.array)
            #expect(specification.canonicalName("module.backbone.stages.0.entry.bias") == "stages.0.entry.bias")
        }
    }

    @Test func layersOfARegisteredFamilyAreNumbered() throws {
        let specification = ModelSpecification(PlainSpecification(widths: [4, 6], depths: [1, 2], classes: 3))
        let expected = [
            "stages.0.entry.weight": 0, "stages.0.blocks.0.mixer.bias": 1, "stages.1.entry.bias": 2,
            "stages.1.blocks.0.norm.weight": 2, "stages.1.blocks.1.norm.weight": 3, "norm.weight": 4, "head.bias": 4,
            "stages.7.blocks.0.norm.weight": 4,
        ]
        for (name, layer) in expected { #expect(specification.layer(of: name) == layer, "\(name)") }
        #expect(specification.lastLayer == 4)
        #expect(specification.headParameters == ["head.weight", "head.bias"])
        let model = try specification.makeModel(height: 8, width: 8)
        let factors = specification.learningRateMultipliers(model.parameters, decay: 0.5)
        #expect(factors["stages.0.entry.weight"] == 0.0625 && factors["norm.bias"] == 1)
    }

    /// A second family under a name of the first.
    private struct Impostor: BackboneSpecification {
        static let name = "impostor"
        static let title = "Impostor"
        static let free = Impostor()
        static let variants = [ModelVariant("resnet20", Impostor())]
        var classes = 2
        var inputChannels = 3

        init() {}
        init(reading reader: ConfigurationReader, from start: Impostor) { self = start }
        func taps(height: Int, width: Int) throws -> [FeatureTap] { [] }
        func makeBackbone(_ scope: Scope) throws -> any Backbone { throw ModelError("there is none") }
        var classifier: ClassificationHead.Form { ClassificationHead.Form() }
    }

    @Test func aNameIsGivenOnce() async {
        await #expect(processExitsWith: .success) {
            #expect(throws: ModelError("the name resnet20 is taken, so no family can be registered under it")) {
                try ModelFamily.register(Impostor.self)
            }
            #expect(ModelSpecification.familyName(of: "impostor") == nil)
            try ModelFamily.register(PlainSpecification.self)
            #expect(throws: ModelError("the name plain_nano32 is taken, so no family can be registered under it")) {
                try ModelFamily.register(PlainSpecification.self)
            }
            #expect(ModelFamily.all.count == ModelFamily.builtIn.count + 1)
        }
    }

    /// `Docs/AddingABackbone.md` prints this family, so it is compiled and tested as printed.
    @Test func thePageShowsTheFamilyAsItIs() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let source = try String(contentsOf: here.appendingPathComponent("PlainNet.swift"), encoding: .utf8)
        let page = try String(
            contentsOf: here.appendingPathComponent("../../Docs/AddingABackbone.md").standardizedFileURL,
            encoding: .utf8)
        #expect(page.contains("```swift\n" + source + "```"), "copy Tests/ModelsTests/PlainNet.swift into the page")
    }
}
