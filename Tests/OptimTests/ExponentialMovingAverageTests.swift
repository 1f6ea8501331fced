import Layers
import Optim
import Tensors
import Testing

@Suite struct ExponentialMovingAverageTests {
    private func store(_ value: Double) -> ParameterStore<Double> {
        let store = ParameterStore<Double>(sampleList(buffers: true), seed: 1)
        for entry in store.list.entries { for k in entry.range { store.flat.pointer[k] = value } }
        store.setBuffer(0, Tensor([3], repeating: value))
        store.setBuffer(1, Tensor(value))
        return store
    }

    @Test func averageFollowsTheRecursion() {
        let average = ExponentialMovingAverage(store(1), decay: 0.75, warmup: false)
        average.update(from: store(5))
        average.update(from: store(10))
        // 1 -> 2 -> 4
        let list = average.store.list
        #expect(list.entries.allSatisfy { $0.range.allSatisfy { average.store.flat.pointer[$0] == 4 } })
        #expect(average.store.flat.array.count { $0 == 0 } == list.flatCount - list.parameterCount, "padding stays 0")
        #expect(average.store.buffers[0].array == [4, 4, 4], "floating-point buffers are averaged")
        #expect(average.store.buffers[1].item == 10, "counters are copied")
        #expect(average.updateCount == 2)
    }

    @Test func warmupUsesASmallerDecayAtFirst() {
        let average = ExponentialMovingAverage(store(0), decay: 0.5, warmup: true)
        #expect([0, 1, 8, 1000].map(average.decay(after:)) == [0.1, 2.0 / 11, 0.5, 0.5])
        average.update(from: store(1))
        #expect(average.store.flat.pointer[0] == 0.9)
        #expect(ExponentialMovingAverage(store(0), decay: 0.5, warmup: false).decay(after: 0) == 0.5)
    }

    @Test func meanOfTheLastEpochsIsPlain() {
        let mean = TailMean(after: 0.5, epochs: 4, updatesPerEpoch: 2)
        #expect(mean == TailMean(start: 4, every: 2))
        let average = ExponentialMovingAverage(store(0), mean: mean)
        let found = (1...8).map { update in
            average.update(from: store(Double(update)))
            return average.store.flat.pointer[0]
        }
        // The weights themselves up to update 4, then the mean of those after updates 4, 6 and 8.
        #expect(found == [1, 2, 3, 4, 4, 5, 5, 6])
        #expect(average.store.buffers[0].array == [6, 6, 6])
        #expect(TailMean(after: 0, epochs: 3, updatesPerEpoch: 5) == TailMean(start: 5, every: 5))
        #expect(TailMean(after: 0.99, epochs: 3, updatesPerEpoch: 5) == TailMean(start: 15, every: 5))
    }

    @Test func sourceIsNotTheAverage() {
        let source = store(1)
        let average = ExponentialMovingAverage(source, decay: 0.5, warmup: false)
        source.flat.pointer[0] = 100
        #expect(average.store.flat.pointer[0] == 1)
    }

    @Test func restoredAverageContinuesBitForBit() throws {
        let list = sampleList(buffers: true)
        func source(_ seed: UInt64) -> ParameterStore<Float> {
            let store = ParameterStore<Float>(list, seed: seed)
            store.setBuffer(0, Tensor([3], [Float(seed) / 3, 1, 2]))
            store.setBuffer(1, Tensor(Float(seed)))
            return store
        }
        let whole = ExponentialMovingAverage(source(0), decay: 0.999, warmup: true)
        for seed in 1...3 { whole.update(from: source(UInt64(seed))) }
        let rest = ExponentialMovingAverage(source(9), decay: 0.999, warmup: true)
        try rest.restore(
            updateCount: whole.updateCount, parameters: whole.store.flat.array,
            buffers: whole.store.buffers.map(\.array))
        for seed in 4...5 {
            whole.update(from: source(UInt64(seed)))
            rest.update(from: source(UInt64(seed)))
        }
        #expect(whole.store.flat.bytes == rest.store.flat.bytes)
        #expect(whole.store.buffers.map(\.array.bytes) == rest.store.buffers.map(\.array.bytes))
        #expect(throws: OptimizerStateError.self) {
            try rest.restore(updateCount: 1, parameters: [], buffers: [[0, 0, 0], [0]])
        }
        #expect(rest.updateCount == 5)
    }
}
