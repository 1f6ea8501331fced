import Autograd
import Configuration
import Exporting
import Layers
import Models
import Tensors
import Testing

/// One convolution, of a family that this package does not have.
private protocol Single: BackboneSpecification {
    var channels: Int { get set }
    init()
}

extension Single {
    static var free: Self { Self() }
    static var variants: [ModelVariant<Self>] { [] }

    init(reading reader: ConfigurationReader, from start: Self) { self = start }

    func taps(height: Int, width: Int) throws -> [FeatureTap] {
        let size = Window(kernel: 3, stride: 2).outputSize(Pair(height, width))
        return [FeatureTap(name: "map", stride: 2, channels: channels, height: size.height, width: size.width)]
    }

    func makeBackbone(_ scope: Scope) -> any Backbone {
        SingleBackbone(
            specification: self,
            layer: Convolution(scope["layer"], inputs: inputChannels, outputs: channels, kernel: 3, stride: 2))
    }

    var classifier: ClassificationHead.Form { ClassificationHead.Form(norm: "norm", linear: "scores") }
}

private struct SingleBackbone<Specification: Single>: Backbone {
    let specification: Specification
    let layer: Convolution

    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        Features(maps: [layer(images, context)])
    }

    func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] { [try layer.trace(image, trace)] }
}

private struct WithoutGraph: Single {
    static let name = "without"
    static let title = "Without"
    var channels = 6
    var classes = 4
    var inputChannels = 3
}

private struct WithGraph: Single, BackboneGraph {
    static let name = "with"
    static let title = "With"
    var channels = 6
    var classes = 4
    var inputChannels = 3

    func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        GraphFeatures(maps: [try builder.convolution("layer", images, stride: 2)])
    }
}

/// Scores for every position, in two forms.
private struct Twice: HeadSpecification, HeadGraph, Head {
    static let name = "twice"
    var classes: Int
    private var layer: Linear?

    private enum CodingKeys: CodingKey { case classes }

    init(classes: Int) { self.classes = classes }

    static func == (first: Self, second: Self) -> Bool { first.classes == second.classes }
    func hash(into hasher: inout Hasher) { hasher.combine(classes) }

    var outputParameters: [String] { ["dense.weight", "dense.bias"] }

    func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        var copy = self
        copy.layer = Linear(scope["dense"], inputs: taps[0].channels, outputs: classes)
        return copy
    }

    func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        layer.map { [$0(features.maps[0], context)] } ?? []
    }

    func trace(_ maps: [Shape], _ trace: ModelTrace) throws { _ = try layer?.trace(maps[0], trace) }

    func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        let map = builder.channelsLast(features.maps[0])
        let scores = try builder.linear("dense", map.name, output: "scores")
        _ = builder.node("Relu", "positive", [scores])
        let shape = [map.height, map.width, classes]
        return [GraphValue(name: "scores", shape: shape), GraphValue(name: "positive", shape: shape)]
    }
}

@Suite struct OwnFamilyTests {
    @Test func aFamilyWithAGraphIsExported() throws {
        let sample = try Sample(ModelSpecification(WithGraph()), height: 9, width: 12)
        let (images, expected) = sample.results(images: 2)
        let logits = try #require(try Interpreter(model: sample.exported()).run(["images": images])["logits"])
        #expect(logits.shape == [2, 4])
        for (a, b) in zip(logits.values, expected) { #expect(abs(a - b) <= 3e-6 * max(1, expected.map(abs).max()!)) }
    }

    @Test func aHeadOfItsOwnHasItsOwnOutputs() throws {
        let sample = try Sample(ModelSpecification(WithGraph(), head: Twice(classes: 2)), height: 9, width: 12)
        let file = try sample.exported()
        #expect(file.outputs.map(\.name) == ["scores", "positive"])
        #expect(file.outputs[0].shape == ["batch", "4", "5", "2"])
        let (images, expected) = sample.results(images: 2)
        let results = try Interpreter(model: file).run(["images": images])
        let scores = try #require(results["scores"])
        for (a, b) in zip(scores.values, expected) { #expect(abs(a - b) <= 3e-6 * max(1, expected.map(abs).max()!)) }
        #expect(results["positive"]?.values == scores.values.map { max(0, $0) })
    }

    @Test func aFamilyWithoutAGraphIsRefusedInOneSentence() throws {
        let specification = ModelSpecification(WithoutGraph())
        let error = #expect(throws: ExportError.self) {
            try ONNXModel(specification, height: 9, width: 12, tensors: [])
        }
        #expect(
            error?.description
                == "a model with the backbone Without cannot be exported, since it has no graph for ONNX")
    }
}
