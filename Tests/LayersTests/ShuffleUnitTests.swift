import Autograd
import Layers
import Tensors
import Testing

@Suite struct ShuffleUnitTests {
    private func counts(_ layer: some Layer, _ input: Shape) throws -> Int {
        let trace = ModelTrace(model: "net")
        _ = try layer.trace(input, trace)
        return trace.root.multiplyAdds
    }

    /// h w (2 c m / g + 9 m) multiply-adds, where a bottleneck has h w (2 c m + 9 m^2) and one with groups
    /// h w (2 c m + 9 m^2 / g): the numbers for 240 channels, 60 between, 3 groups and 28x28 pixels.
    @Test func itCostsASixthOfABottleneck() throws {
        let map: Shape = [1, 28, 28, 240]
        let unit = try ShuffleUnit(Scope()["unit"], inputs: 240, outputs: 240, groups: 3)
        #expect(try counts(unit, map) == 7_949_760)
        func bottleneck(_ groups: Int) throws -> Int {
            let scope = Scope()
            let narrow: Shape = [1, 28, 28, 60]
            let middle = Convolution(scope["b"], inputs: 60, outputs: 60, kernel: 3, padding: 1, groups: groups)
            return try counts(Convolution(scope["a"], inputs: 240, outputs: 60, kernel: 1), map)
                + counts(middle, narrow) + counts(Convolution(scope["c"], inputs: 60, outputs: 240, kernel: 1), narrow)
        }
        #expect(try bottleneck(1) == 47_980_800)
        #expect(try bottleneck(3) == 31_046_400)
    }

    @Test(arguments: [1, 2])
    func shapesAreThoseOfTheTrace(stride: Int) throws {
        let scope = Scope()
        let unit = try ShuffleUnit(
            scope["unit"], inputs: 12, outputs: stride == 1 ? 12 : 24, groups: 3, middle: 6, stride: stride)
        let store = ParameterStore<Float>(scope.list, seed: 1)
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        let x = Variable(Tensor<Float>([2, 7, 6, 12], (0..<1008).map { Float(cosine(Double($0))) }))
        let y = unit(x, context)
        #expect(y.shape == (stride == 1 ? [2, 7, 6, 12] : [2, 4, 3, 24]))
        #expect(try unit.trace([2, 7, 6, 12], ModelTrace(model: "net")) == y.shape)
        tape.backward(from: y.sum())
        #expect(context.collectGradients(into: Storage(count: store.list.flatCount)) == [])
    }

    /// Without the shuffle a channel would depend on its own group alone.
    @Test func everyChannelSeesAllGroups() throws {
        let scope = Scope()
        let unit = try ShuffleUnit(
            scope["unit"], inputs: 12, outputs: 12, groups: 3, middle: 9, initializer: .constant(0.1))
        let store = ParameterStore<Double>(scope.list, seed: 1)
        for channel in 0..<12 {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor<Double>([1, 3, 3, 12], (0..<108).map { 2 + cosine(Double($0)) }))
            let y = unit(x, Context(store, mode: .evaluation, tape: tape))
            tape.backward(from: y.sliced(channels: channel..<channel + 1).sum())
            let gradient = tape.gradient(of: x)?.array ?? []
            for group in 0..<3 {
                #expect(gradient.indices.contains { $0 % 12 / 4 == group && gradient[$0] != 0 }, "\(channel), \(group)")
            }
        }
    }

    @Test func channelsThatDoNotFitAreAnError() {
        #expect(throws: ModelError("unit: 5 groups do not divide the channels 12, 3 and 12")) {
            try ShuffleUnit(Scope()["unit"], inputs: 12, outputs: 12, groups: 5)
        }
        #expect(throws: ModelError.self) { try ShuffleUnit(Scope()["unit"], inputs: 12, outputs: 24, groups: 3) }
        #expect(throws: ModelError.self) {
            try ShuffleUnit(Scope()["unit"], inputs: 12, outputs: 12, groups: 3, stride: 2)
        }
    }
}
