import Tensors

/// How a forward pass in training mode wants buffers changed; the training loop applies it after the step. Changes are kept
/// as such and not as values, so that those of several slices of a batch, which know nothing of each other, can be applied
/// one after the other.
public final class BufferUpdates<S: Scalar> {
    /// One change of a buffer.
    package enum Change {
        /// Has these values.
        case value(Tensor<S>)
        /// Moves by that share toward these values.
        case toward(Tensor<S>, share: S)
        /// Has so much more.
        case more(S)
    }

    /// By the buffer's index, in the order in which they were wanted.
    package var changes: [Int: [Change]] = [:]

    /// Nothing wanted yet.
    public init() {}

    /// Wants a buffer to have these values after the step.
    public func set(_ buffer: BufferHandle, _ tensor: Tensor<S>) { changes[buffer.index] = [.value(tensor)] }

    /// Wants a buffer to move by a share toward these values: old * (1 - share) + new * share.
    public func move(_ buffer: BufferHandle, toward tensor: Tensor<S>, share: S) {
        changes[buffer.index, default: []].append(.toward(tensor, share: share))
    }

    /// Wants every element of a buffer to be larger by that.
    public func add(_ amount: S, to buffer: BufferHandle) { changes[buffer.index, default: []].append(.more(amount)) }

    /// What becomes of a buffer's value.
    func value(of index: Int, from old: Tensor<S>) -> Tensor<S> {
        (changes[index] ?? []).reduce(old) { value, change in
            switch change {
            case .value(let new): new
            case .toward(let new, let share): value.scaled(by: 1 - share) + new.scaled(by: share)
            case .more(let amount): value + Tensor(value.shape, repeating: amount)
            }
        }
    }
}
