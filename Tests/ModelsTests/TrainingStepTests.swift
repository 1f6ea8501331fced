import Autograd
import Layers
import Models
import Tensors
import Testing

/// Two models with dropped paths: depthwise and with global filters.
private func makeModels() throws -> [Model] {
    try ["hornet_pico_7x7", "hornet_pico_gf"].map { name in
        var specification = HorNetSpecification.variant(name) ?? HorNetSpecification(baseWidth: 16)
        specification.dropPath = 0.3
        return try ModelSpecification(specification).makeModel(height: 32, width: 32)
    }
}

/// Loss and gradients of one update, the gradients in `gradients`.
private func step(
    _ model: Model, _ store: ParameterStore<Float>, _ batch: Tensor<Float>, into gradients: Storage<Float>
) -> Float {
    let tape = Tape<Float>()
    let context = Context(store, mode: .training, tape: tape, random: RandomKey(seed: 1, purpose: "step", 5))
    let labels = (0..<batch.shape[0]).map { Int32($0 * 3 % 10) }
    let loss = model(Variable(batch), context).logits.crossEntropy(labels: labels, smoothing: 0.1)
    let value = loss.value.item
    tape.backward(from: loss)
    #expect(context.collectGradients(into: gradients) == [])
    return value
}

/// Threads and storage pool belong to the whole process, so each of these runs in one of its own.
@Suite struct TrainingStepTests {
    @Test func aStepOnOneThreadAndOnTwoGivesTheSameBits() async {
        await #expect(processExitsWith: .success) {
            for model in try makeModels() {
                let store = ParameterStore<Float>(model.parameters, seed: 1)
                store.redraw(seed: 1)
                var random = Random(seed: 2, purpose: "images")
                let batch = Tensor<Float>.normal([6, 32, 32, 3], from: &random)
                let gradients = Storage<Float>(count: store.list.flatCount)
                func bits() -> [UInt32] {
                    gradients.pointer.update(repeating: .nan, count: gradients.count)
                    let loss = step(model, store, batch, into: gradients)
                    return [loss.bitPattern] + (0..<gradients.count).map { gradients.pointer[$0].bitPattern }
                }
                ThreadPool.shared.threads = 1
                let one = bits()
                #expect(one.allSatisfy { Float(bitPattern: $0).isFinite })
                ThreadPool.shared.threads = 2
                for _ in 0..<3 { #expect(bits() == one) }
            }
        }
    }

    @Test func aStepLeavesNoTensorBehindAndLivesOnTheMemoryOfTheFirst() async {
        await #expect(processExitsWith: .success) {
            for model in try makeModels() {
                let store = ParameterStore<Float>(model.parameters, seed: 1)
                store.redraw(seed: 1)
                var random = Random(seed: 2, purpose: "images")
                let batch = Tensor<Float>.normal([4, 32, 32, 3], from: &random)
                let gradients = Storage<Float>(count: store.list.flatCount)
                let pool = StoragePool.shared
                _ = step(model, store, batch, into: gradients)  // tables that kernels keep are made here
                let first = pool.statistics
                _ = step(model, store, batch, into: gradients)
                let second = pool.statistics
                #expect(second.liveBlocks == first.liveBlocks, "a tensor outlives its step")
                #expect(second.bytesInUse == first.bytesInUse)
                for _ in 0..<3 { _ = step(model, store, batch, into: gradients) }
                #expect(
                    pool.statistics.systemAllocations == second.systemAllocations, "the pool grows from step to step")
                #expect(pool.statistics.bytesHeld == second.bytesHeld)
                #expect(pool.statistics.liveBlocks == first.liveBlocks)
            }
        }
    }

    @Test func evaluationLeavesNoTensorBehind() async {
        await #expect(processExitsWith: .success) {
            for model in try makeModels() {
                let store = ParameterStore<Float>(model.parameters, seed: 1)
                let batch = Tensor<Float>([2, 32, 32, 3], repeating: 0.5)
                _ = model(Variable(batch), .evaluation(store))
                let before = StoragePool.shared.statistics
                for _ in 0..<3 { _ = model(Variable(batch), .evaluation(store)) }
                let after = StoragePool.shared.statistics
                #expect(after.liveBlocks == before.liveBlocks && after.systemAllocations == before.systemAllocations)
            }
        }
    }
}
