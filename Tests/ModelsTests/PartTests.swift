import Autograd
import Foundation
import Layers
import Models
import Tensors
import Testing

/// Every map reduced to a few channels.
private struct Reduction: NeckSpecification, Neck {
    static let name = "reduction"
    var channels: Int
    private var layers: [Linear] = []

    private enum CodingKeys: CodingKey { case channels }

    init(channels: Int) { self.channels = channels }

    static func == (first: Self, second: Self) -> Bool { first.channels == second.channels }
    func hash(into hasher: inout Hasher) { hasher.combine(channels) }

    func makeNeck(_ scope: Scope, taps: [FeatureTap]) throws -> any Neck {
        var copy = self
        copy.layers = taps.enumerated().map { index, tap in
            Linear(scope["neck"][index], inputs: tap.channels, outputs: channels, layout: .pointwise)
        }
        return copy
    }

    func taps(_ backbone: [FeatureTap]) -> [FeatureTap] {
        backbone.enumerated().map { index, tap in
            FeatureTap(
                name: "neck\(index)", stride: tap.stride, channels: channels, height: tap.height, width: tap.width)
        }
    }

    func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> Features<S> {
        Features(maps: zip(layers, features.maps).map { $0($1, context) })
    }

    func trace(_ maps: [Shape], _ trace: ModelTrace) throws -> [Shape] {
        try zip(layers, maps).map { try $0.trace($1, trace) }
    }
}

/// Scores for every position of every map.
private struct Dense: HeadSpecification, Head {
    static let name = "dense"
    var classes: Int
    private var layers: [Linear] = []

    private enum CodingKeys: CodingKey { case classes }

    init(classes: Int) { self.classes = classes }

    static func == (first: Self, second: Self) -> Bool { first.classes == second.classes }
    func hash(into hasher: inout Hasher) { hasher.combine(classes) }

    var outputParameters: [String] { ["scores.weight", "scores.bias"] }

    func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        guard let channels = taps.first?.channels, taps.allSatisfy({ $0.channels == channels }) else {
            throw ModelError("the dense head needs maps of the same number of channels")
        }
        var copy = self
        copy.layers = [Linear(scope["scores"], inputs: channels, outputs: classes)]
        return copy
    }

    func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        features.maps.map { layers[0]($0, context) }
    }

    func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        for map in maps { _ = try layers[0].trace(map, trace) }
    }
}

@Suite struct PartTests {
    private static let backbone = ConvNeXtSpecification(widths: [4, 6], depths: [1, 1], stemStride: 2, classes: 9)

    @Test func aHeadOfItsOwnAnswersFromTheMapsOfTheNeck() throws {
        let specification = ModelSpecification(Self.backbone, neck: Reduction(channels: 5), head: Dense(classes: 3))
        #expect(specification.classes == 3)
        let model = try specification.makeModel(height: 9, width: 14)
        let taps = try model.taps(height: 9, width: 14)
        #expect(taps.map(\.name) == ["stage0", "stage1", "neck0", "neck1"])
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        let output = model(Variable(Tensor([2, 9, 14, 3], repeating: 0.5)), context)
        #expect(output.features.map(\.shape) == taps.map { Shape([2, $0.height, $0.width, $0.channels]) })
        #expect(output.answer.map(\.shape) == [[2, 4, 7, 3], [2, 2, 3, 3]])
        tape.backward(from: output.answer.map { ($0, $0.value) })
        let gradients = Storage<Float>(count: store.list.flatCount)
        #expect(context.collectGradients(into: gradients) == [])

        // The backbone's names and order stay, the head's of the family are not there.
        let names = model.parameters.entries.map(\.name)
        let classifier = try ModelSpecification(Self.backbone).makeModel(height: 9, width: 14)
        let shared = classifier.parameters.entries.map(\.name).filter { !$0.hasPrefix("head") }
        #expect(Array(names.prefix(shared.count)) == shared)
        #expect(names.last == "scores.bias" && names.contains("neck.1.weight"))
        #expect(specification.headParameters == ["scores.weight", "scores.bias"])
        #expect(specification.layer(of: "neck.1.weight") == specification.lastLayer)
        #expect(try model.trace(height: 9, width: 14).children.map(\.name).suffix(4) == ["0", "1", "scores", "scores"])
    }

    @Test func aHeadThatCannotWorkSaysWhy() {
        let specification = ModelSpecification(Self.backbone, head: Dense(classes: 3))
        #expect(throws: ModelError("the dense head needs maps of the same number of channels")) {
            try specification.makeModel(height: 9, width: 14)
        }
    }

    @Test func neckAndHeadAreStoredBesideTheBackbone() async {
        await #expect(processExitsWith: .success) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let backbone = ConvNeXtSpecification(widths: [4], depths: [1], stemStride: 2, classes: 9)
            var specification = ModelSpecification(backbone, neck: Reduction(channels: 5), head: Dense(classes: 3))
            specification.classes = 4
            let data = try encoder.encode(specification)
            let text = String(decoding: data, as: UTF8.self)
            #expect(text.contains(#""head":{"dense":{"classes":4}},"neck":{"reduction":{"channels":5}}}"#))
            #expect(text.hasPrefix(#"{"convnext":{"classes":9,"#))
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(ModelSpecification.self, from: data) }
            try ModelNeck.register(Reduction.self)
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(ModelSpecification.self, from: data) }
            try ModelHead.register(Dense.self)
            #expect(try JSONDecoder().decode(ModelSpecification.self, from: data) == specification)
            #expect(specification != ModelSpecification(backbone))
            #expect(throws: ModelError("the name dense is taken, so no head can be registered under it")) {
                try ModelHead.register(Dense.self)
            }
        }
    }
}
