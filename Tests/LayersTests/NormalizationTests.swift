import Autograd
import Layers
import Tensors
import Testing

@Suite struct NormalizationTests {
    @Test func aGroupNormStartsAsThePlainOne() throws {
        let scope = Scope()
        let layer = GroupNorm(scope["gn"], channels: 6, groups: 3)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        #expect(scope.list.entries.map(\.name) == ["gn.weight", "gn.bias"])
        let x = Variable(Tensor<Double>([2, 3, 2, 6], (0..<72).map { cosine(1.3 * Double($0)) }))
        let y = layer(x, .evaluation(store)).value
        let plain = x.groupNorm(
            groups: 3, scale: Variable(Tensor([6], repeating: 1)), shift: Variable(.zeros([6])), epsilon: 1e-5)
        #expect(y.array == plain.value.array)
        // The four channels' mean of each group of an image is 0, and the mean square 1.
        let group = y.array.indices.filter { $0 < 36 && $0 % 6 < 2 }.map { y.array[$0] }
        #expect(abs(group.reduce(0, +)) < 1e-12)
        let squares = group.map { $0 * $0 }.reduce(0, +)
        #expect(abs(squares / 12 - 1) < 1e-3)
        let trace = ModelTrace(model: "net")
        #expect(try layer.trace([1, 3, 2, 6], trace) == [1, 3, 2, 6])
        #expect(trace.root.parameters == 12)
    }

    @Test func groupsThatDoNotDivideTheChannelsAreAnError() {
        let layer = GroupNorm(Scope()["head.gn"], channels: 6, groups: 4)
        #expect(throws: ModelError("head.gn: 6 channels cannot be cut into 4 groups of equal size")) {
            try layer.trace([1, 3, 2, 6], ModelTrace(model: "net"))
        }
    }

    /// A step whose images have no regions must not spoil what evaluation takes.
    @Test func aBatchOfNothingLeavesRunningStatisticsAlone() {
        let scope = Scope()
        let layer = BatchNorm(scope["norm"], channels: 2)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let tape = Tape<Double>()
        let context = Context(store, mode: .training, tape: tape)
        let empty = Variable(Tensor<Double>.zeros([0, 3, 3, 2]))
        let y = layer(empty, context)
        #expect(y.shape == [0, 3, 3, 2])
        #expect(layer(relu: empty, context).shape == [0, 3, 3, 2])
        tape.backward(from: y.sum())
        #expect(context.collectGradients(into: Storage(count: store.list.flatCount)) == [])
        store.apply(context.updates)
        #expect(store[layer.runningMean].array == [0, 0])
        #expect(store[layer.runningVariance].array == [1, 1])
        #expect(store[layer.batchesTracked].item == 0)
    }
}
