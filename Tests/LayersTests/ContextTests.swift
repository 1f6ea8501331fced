import Autograd
import Layers
import Tensors
import Testing

@Suite struct ContextTests {
    private struct Model {
        let list: ParameterList
        let first: Linear
        let second: Linear

        init() {
            let scope = Scope()
            first = Linear(scope["first"], inputs: 3, outputs: 3)
            second = Linear(scope["second"], inputs: 3, outputs: 2, bias: false)
            list = scope.list
        }
    }

    private let model = Model()
    private let x = Variable(Tensor<Double>([2, 3], [1, 2, 3, -1, 0.5, 2]))

    private func gradients(_ store: ParameterStore<Double>, _ loss: (Context<Double>) -> Variable<Double>)
        -> (flat: [Double], missing: [String], context: Context<Double>)
    {
        let tape = Tape<Double>()
        let context = Context(store, mode: .training, tape: tape)
        tape.backward(from: loss(context))
        let flat = Storage<Double>(count: store.list.flatCount)
        flat.pointer.update(repeating: .nan, count: flat.count)
        let missing = context.collectGradients(into: flat)
        return ((0..<flat.count).map { flat.pointer[$0] }, missing, context)
    }

    @Test func aSharedParameterIsOneLeafThatCollectsEveryUse() {
        let store = ParameterStore<Double>(model.list, seed: 1)
        store.redraw(seed: 1)
        let weight = model.second.weight
        let once = gradients(store) { context in context[weight].sum() }
        let twice = gradients(store) { context in context[weight].sum() + context[weight].scaled(by: 3).sum() }
        let range = store.list.entries[weight.index].range
        #expect(once.flat[range].allSatisfy { $0 == 1 })
        #expect(twice.flat[range].allSatisfy { $0 == 4 })
    }

    @Test func gradientsLieWhereTheParametersDoAndPaddingIsZero() {
        let store = ParameterStore<Double>(model.list, seed: 1)
        store.redraw(seed: 1)
        let result = gradients(store) { context in model.second(model.first(x, context), context).squared().sum() }
        #expect(result.missing == [])
        var covered = Set<Int>()
        for entry in store.list.entries {
            #expect(result.flat[entry.range].contains { $0 != 0 }, "\(entry.name)")
            #expect(entry.offset % 16 == 0)
            covered.formUnion(entry.range)
        }
        #expect(result.flat.indices.allSatisfy { covered.contains($0) || result.flat[$0] == 0 })

        // One element by a central difference.
        let position = store.list.entries[0].offset + 4
        func loss(_ offset: Double) -> Double {
            let moved = store.copy()
            moved.flat.pointer[position] += offset
            let context = Context.evaluation(moved)
            return model.second(model.first(x, context), context).squared().sum().value.item
        }
        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
        #expect(abs(result.flat[position] - slope) < 1e-6 * abs(slope))
    }

    @Test func aFrozenParameterGetsNoGradientAndIsNotMissed() {
        let store = ParameterStore<Double>(model.list, seed: 1)
        store.redraw(seed: 1)
        store.isTrainable[model.first.weight.index] = false
        let result = gradients(store) { context in model.second(model.first(x, context), context).squared().sum() }
        #expect(result.missing == [])
        #expect(result.flat[store.list.entries[model.first.weight.index].range].allSatisfy { $0 == 0 })
        #expect(result.flat[store.list.entries[1].range].contains { $0 != 0 }, "its bias is still trained")
        #expect(!result.context[model.first.weight].isTracked)
    }

    @Test func aParameterThatNoGradientReachesIsNamed() {
        let store = ParameterStore<Double>(model.list, seed: 1)
        store.redraw(seed: 1)
        let unused = gradients(store) { context in model.first(x, context).sum() }
        #expect(unused.missing == ["second.weight"])
        let detached = gradients(store) { context in
            model.second(model.first(x, context).detached, context).squared().sum()
        }
        #expect(detached.missing == ["first.weight", "first.bias"])
        #expect(detached.flat[store.list.entries[0].range].allSatisfy { $0 == 0 })
    }

    @Test func evaluationRecordsNothing() {
        let store = ParameterStore<Double>(model.list, seed: 1)
        let context = Context.evaluation(store)
        #expect(!context.isTraining)
        #expect(!model.first(x, context).isTracked)
        #expect(context.collectGradients(into: Storage(count: store.list.flatCount)) == [])
    }

    @Test func layersDrawFromStreamsOfTheirOwn() {
        let store = ParameterStore<Double>(model.list, seed: 1)
        let context = Context(store, mode: .training, random: RandomKey(seed: 1, purpose: "step", 3))
        #expect(context.random("a") == context.random("a"))
        #expect(context.random("a") != context.random("b"))
        let next = Context(store, mode: .training, random: RandomKey(seed: 1, purpose: "step", 4))
        #expect(context.random("a") != next.random("a"))
    }

    @Test func batchNormKeepsRunningStatisticsAsPyTorchDoes() {
        let scope = Scope()
        let layer = BatchNorm(scope["norm"], channels: 2)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let batch = Variable(Tensor<Double>([4, 2], [1, 10, 2, 20, 3, 30, 6, 40]))
        let context = Context(store, mode: .training)
        let normalized = layer(batch, context).value.array
        #expect(abs(normalized.reduce(0, +)) < 1e-12, "a batch is normalised by its own statistics")
        #expect(store[layer.runningMean].array == [0, 0], "nothing is written before the step ends")
        store.apply(context.updates)
        let (mean, variance) = (store[layer.runningMean].array, store[layer.runningVariance].array)
        // A tenth of the means 3 and 25 and of the unbiased variances 14 / 3 and 500 / 3.
        let expected: [Double] = [0.3, 2.5, 0.9 + 1.4 / 3, 0.9 + 50.0 / 3]
        for (found, value) in zip(mean + variance, expected) { #expect(abs(found - value) < 1e-12) }
        #expect(store[layer.batchesTracked].item == 1)

        let evaluation = Context.evaluation(store)
        let y = layer(batch, evaluation).value.array
        let first: Double = (1 - 0.3) / (variance[0] + 1e-5).squareRoot()
        #expect(abs(y[0] - first) < 1e-12)
        store.apply(evaluation.updates)
        #expect(store[layer.runningMean].array == mean, "evaluation leaves them alone")
    }
}
