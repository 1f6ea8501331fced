import Layers
import Tensors

/// A running average of a model's weights: average += (1 - decay) (weights - average) after every update.
///
/// With a `TailMean` it is a plain mean of the weights after some updates. Buffers follow as in timm: floating-point ones are
/// averaged, counters copied.
public final class ExponentialMovingAverage<S: Scalar> {
    /// The averaged model, to evaluate and save; changed by `update` and `restore` alone.
    public let store: ParameterStore<S>
    /// How much of the average is kept at each update.
    public let decay: Double
    /// Whether the first updates keep less.
    public let warmup: Bool
    /// Set for a plain mean of some of the weights.
    public let mean: TailMean?
    /// The number of updates so far.
    public private(set) var updateCount = 0

    /// An average that starts at the store's values.
    ///
    /// - Parameter warmup: early updates use a smaller decay, so that the first values are soon forgotten.
    public init(_ store: ParameterStore<S>, decay: Double, warmup: Bool) {
        require((0...1).contains(decay), "ExponentialMovingAverage", "decay \(decay) must lie in 0...1")
        self.store = store.copy()
        self.decay = decay
        self.warmup = warmup
        mean = nil
    }

    /// A mean of the weights after some updates.
    public init(_ store: ParameterStore<S>, mean: TailMean) {
        self.store = store.copy()
        (decay, warmup) = (0, false)
        self.mean = mean
    }

    /// The decay after `updates` updates: with warm-up the smaller of `decay` and (1 + updates) / (10 + updates); of a mean the
    /// share of the weights that are in it already.
    public func decay(after updates: Int) -> Double {
        if let mean { return mean.keptShare(after: updates) }
        return warmup ? min(decay, Double(1 + updates) / Double(10 + updates)) : decay
    }

    /// Takes in the weights and buffers after an update of the optimizer.
    public func update(from source: ParameterStore<S>) {
        require(
            source.flat.count == store.flat.count && source.buffers.count == store.buffers.count,
            "ExponentialMovingAverage", "the weights must be of the model that the average began with")
        let weight = 1 - decay(after: updateCount)
        updateCount += 1
        guard weight > 0 else { return }
        let (average, values) = (store.flat.pointer, source.flat.pointer)
        parallelFor(store.flat.count, grain: elementGrain) {
            S.average(average + $0.lowerBound, values + $0.lowerBound, $0.count, weight: weight)
        }
        store.flat.noteChange()
        for (index, entry) in store.list.buffers.enumerated() {
            let buffer = source.buffers[index]
            // What follows a schedule, as optional buffers do, is no estimate that an average would better.
            let isExact = entry.isInteger || entry.isOptional
            store.setBuffer(index, isExact ? buffer : blend(store.buffers[index], buffer, weight))
        }
    }

    private func blend(_ average: Tensor<S>, _ values: Tensor<S>, _ weight: Double) -> Tensor<S> {
        Tensor(average.shape) { result in
            let count = values.elementCount
            withElements(average, values) { average, values in
                result.initialize(from: average, count: count)
                S.average(result, values, count, weight: weight)
            }
        }
    }

    /// Continues from a saved average, bit for bit.
    ///
    /// - Parameters:
    ///   - parameters: the averaged flat buffer, `store.flat`.
    ///   - buffers: the elements of `store.buffers` in their order.
    /// - Throws: `OptimizerStateError` when a length does not fit; nothing is changed then.
    public func restore(updateCount: Int, parameters: [S], buffers: [[S]]) throws {
        let expected = [store.flat.count] + store.buffers.map(\.elementCount)
        let found = [parameters.count] + buffers.map(\.count)
        guard expected == found else {
            throw OptimizerStateError(
                description: "The saved weight average has \(found) numbers in its parameters and buffers, "
                    + "expected \(expected).")
        }
        store.flat.pointer.update(from: parameters, count: parameters.count)
        store.flat.noteChange()
        for (index, values) in buffers.enumerated() {
            store.setBuffer(index, Tensor(store.buffers[index].shape, values))
        }
        self.updateCount = updateCount
    }
}

/// Which updates' weights a mean is of: stochastic weight averaging, Izmailov et al., arXiv 1803.05407, which takes the weights
/// at the ends of the last epochs, trained with a rate that does not fall to nothing.
public struct TailMean: Sendable, Equatable {
    /// The first update whose weights are in the mean, from 1; before it the weights themselves stand for it.
    public let start: Int
    /// Updates from one to the next.
    public let every: Int

    /// A mean from update `start` on, of every so many updates.
    public init(start: Int, every: Int) {
        require(start > 0 && every > 0, "TailMean", "got start \(start) and every \(every), expected at least 1")
        (self.start, self.every) = (start, every)
    }

    /// The mean of the ends of epochs over the last part of a run.
    ///
    /// - Parameter share: of the run, after which the mean begins.
    public init(after share: Double, epochs: Int, updatesPerEpoch: Int) {
        let first = min(max(1, epochs), max(1, Int((share * Double(epochs)).rounded(.up))))
        self.init(start: first * max(1, updatesPerEpoch), every: max(1, updatesPerEpoch))
    }

    /// What an update leaves of the mean: n / (n + 1) with n weights in it, all of it between two of them, and nothing before
    /// the first.
    func keptShare(after updates: Int) -> Double {
        let past = updates + 1 - start
        guard past >= 0 else { return 0 }
        guard past % every == 0 else { return 1 }
        let count = Double(past / every)
        return count / (count + 1)
    }
}
