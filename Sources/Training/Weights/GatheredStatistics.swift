import Autograd
import Datasets
import Layers
import Tasks
import Tensors

/// Running statistics of batch norms, gathered anew: the plain mean over batches of what training sees there, so that averaged
/// weights have the statistics of their own activations (Izmailov et al., arXiv 1803.05407, section 3.2).
package struct GatheredStatistics {
    private var sums: [Int: [Double]] = [:]
    private var batches = 0

    package init() {}

    /// Whether weights have statistics that training batches change.
    package static func exist(in weights: Weights) -> Bool {
        weights.store.list.buffers.contains { $0.name.hasSuffix("running_var") }
    }

    /// Goes over all batches of a loader, in its first epoch, and puts the means in the place of the statistics.
    /// - Parameter each: called after each batch.
    package static func gather<C: Collator>(
        _ weights: Weights, _ loader: BatchLoader<C>, seed: UInt64, each: () throws -> Void = {}
    ) throws {
        var statistics = GatheredStatistics()
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            statistics.add(weights, Tensor(batch), seed: seed)
            try each()
        }
        statistics.write(into: weights.store)
    }

    /// Adds what images [N, H, W, C] do to the statistics; the weights stay as they are.
    package mutating func add(_ weights: Weights, _ images: Tensor<Float>, seed: UInt64) {
        let updates = BufferUpdates<Float>()
        let context = Context(
            weights.store, mode: .training, random: RandomKey(seed: seed, purpose: "statistics", batches),
            updates: updates)
        _ = weights.model.answer(Variable(images), context)
        for (index, changes) in updates.changes {
            guard case .toward(let value, _)? = changes.last else { continue }
            let values = value.array
            var sum = sums[index] ?? [Double](repeating: 0, count: values.count)
            for (position, value) in values.enumerated() { sum[position] += Double(value) }
            sums[index] = sum
        }
        batches += 1
    }

    /// Puts the means in the place of the statistics; without a batch they stay.
    package func write(into store: ParameterStore<Float>) {
        for (index, sum) in sums {
            let shape = store.list.buffers[index].shape
            store.setBuffer(index, Tensor(shape, sum.map { Float($0 / Double(batches)) }))
        }
    }
}
