import Autograd
import Tensors

extension Context {
    /// Applies a block of a model; with `checkpointing` it keeps the block's input alone and computes the block again on
    /// the way back. Results, gradients, dropped paths and running statistics are the same bit for bit.
    ///
    /// - Parameter path: of the block, for messages.
    public func checkpointed(
        _ x: Variable<S>, at path: String, _ block: @escaping (Variable<S>, Context<S>) -> Variable<S>
    ) -> Variable<S> {
        guard checkpointing, isTraining, tape != nil else { return block(x, self) }
        // The closure must not hold on to the tape it is recorded on.
        let (store, random, updates, firstSample, epochs) = (store, random, updates, firstSample, epochs)
        let holdsStatistics = holdsStatistics
        return LayerPath.$current.withValue(path) {
            x.checkpointed(operand: { self[Parameter(index: $0, shape: store.list.entries[$0].shape)] }) {
                tape, x, isRepetition in
                var inner = Context(
                    store, mode: .training, tape: tape, random: random,
                    updates: isRepetition ? BufferUpdates() : updates, firstSample: firstSample, epochs: epochs)
                if holdsStatistics { inner = inner.holdingStatistics }
                let output = block(x, inner)
                let used = inner.usedParameters.filter { $0.value.isTracked }.sorted { $0.key < $1.key }
                return CheckpointedPart(output: output, operands: used.map { (number: $0.key, leaf: $0.value) })
            }
        }
    }
}
