import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite struct MixNetTests {
    private static let channels = 32

    private func model(_ mixer: MixNetMixer, side: Int = 8) throws -> (Model, ModelSpecification) {
        let specification = ModelSpecification(
            MixNetSpecification(mixer: mixer, widths: [Self.channels], depths: [1], classes: 2))
        return (try specification.makeModel(height: side, width: side), specification)
    }

    /// All that is not the mixer: stem, norms, linear layers, head.
    private static let frame: Int = {
        let c = channels
        return (27 * c + c + 2 * c) + (2 * c + 2 * c) + (2 * c * c + 2 * c + 2 * c * c + c) + (2 * c) + (2 * c + 2)
    }()

    /// Parameters and multiply-adds a pixel of each mixer, from its formula.
    @Test(arguments: [
        (MixNetMixer.standard, 9 * 1024 + 32, 9 * 1024), (.dilated, 9 * 1024 + 32, 9 * 1024),
        (.depthwiseSeparable, 9 * 32 + 1024 + 32, 9 * 32 + 1024), (.spatiallySeparable, 6 * 1024 + 32, 6 * 1024),
        (.flattened, 1024 + 6 * 32 + 32, 1024 + 6 * 32), (.grouped, 9 * 256 + 32, 9 * 256),
        (.shuffledGrouped, 2 * 256 + 9 * 32 + 32, 2 * 256 + 9 * 32),
        (.deformable1, 9 * 1024 + 32 + 18 * (9 * 32 + 1), 9 * 1024 + 18 * 9 * 32),
        (.deformable2, 9 * 1024 + 32 + 27 * (9 * 32 + 1), 9 * 1024 + 27 * 9 * 32),
        (.gnConv, 2 * 1024 + 64 + 50 * 48 + (512 + 32) + (1024 + 32), 2 * 1024 + 49 * 48 + 512 + 1024),
        (.globalFilter, 8 * 5 * 32 * 2, 0), (.attention, 4 * 1024 + 4 * 32, 4 * 1024 + 2 * 64 * 32),
        (.windowAttention, 4 * 1024 + 4 * 32 + 49 * 2, 4 * 1024 + 2 * 16 * 32),
    ])
    func mixersHaveTheirCounts(mixer: MixNetMixer, parameters: Int, multiplyAdds: Int) throws {
        let (model, _) = try model(mixer)
        let trace = try model.trace(height: 8, width: 8)
        #expect(trace.parameters == model.parameters.parameterCount, "the tree must hold every parameter once")
        #expect(model.parameters.parameterCount - Self.frame == parameters)
        let c = Self.channels
        #expect(trace.multiplyAdds == 64 * (27 * c + 4 * c * c + multiplyAdds) + 2 * c)
    }

    /// Every mixer at the size that it was made for and at an odd one: a map of its own size, finite, all parameters
    /// reached by the gradient.
    @Test(arguments: MixNetMixer.allCases)
    func everyMixerTrainsAtAnySize(mixer: MixNetMixer) throws {
        let (model, _) = try model(mixer)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        for (height, width) in [(8, 8), (7, 5)] {
            var random = Random(seed: 1, purpose: "images")
            let tape = Tape<Float>()
            let context = Context(store, mode: .training, tape: tape)
            let output = model(Variable(.normal([3, height, width, 3], from: &random)), context)
            #expect(output.logits.value.isFinite)
            let taps = try model.taps(height: height, width: width)
            #expect(output.features.map(\.shape) == taps.map { [3, $0.height, $0.width, $0.channels] })
            tape.backward(from: output.logits.squared().mean())
            let gradients = Storage<Float>(count: store.list.flatCount)
            #expect(context.collectGradients(into: gradients) == [])
        }
    }

    /// With taps that move the map is read between pixels, where kinks are dense.
    @Test(arguments: MixNetMixer.allCases)
    func gradientsAgreeWithDifferences(mixer: MixNetMixer) throws {
        let specification = MixNetSpecification(mixer: mixer, widths: [16], depths: [1], classes: 2)
        try checkGradients(ModelSpecification(specification), height: 5, width: 4)
    }

    @Test func aWidthThatMixersCannotDivideIsNamed() throws {
        let wrong = MixNetSpecification(widths: [24], depths: [1])
        #expect(throws: ModelError("model.widths is [24], expected multiples of 16")) { try wrong.validate() }
    }
}
