import Autograd
import Tensors

/// Everything a layer needs beside its input: the parameter values, whether this is training, the tape, and the random
/// stream of the step. A small value that is handed down, so that nothing of a step is shared with another one.
public struct Context<S: Scalar> {
    /// Whether a model is trained or asked.
    public enum Mode: Sendable { case training, evaluation }

    /// Whether this is training.
    public let mode: Mode
    /// The values.
    public let store: ParameterStore<S>
    /// Where operations are recorded; `nil` when no gradients are wanted.
    public let tape: Tape<S>?
    /// The stream of this step; layers derive their own from it by their path.
    public let random: RandomKey
    /// What layers want buffers to be after the step.
    public let updates: BufferUpdates<S>
    /// Whether blocks keep their input alone and compute the rest again on the way back; see `checkpointed`.
    public let checkpointing: Bool
    /// The position of the first sample in its batch, where a part of a batch is computed.
    public let firstSample: Int
    /// How many epochs training has gone through at this step, parts of one included, for what layers change while they
    /// are trained (`AnnealedValue`); `nil` outside of a training run.
    public let epochs: Double?
    /// Whether batch norms take their running statistics in training too, and leave them as they are.
    package private(set) var holdsStatistics = false
    /// Where gradients are written as soon as they are known, laid out as the parameters are.
    private let gradients: Storage<S>?
    private let addsGradients: Bool
    private let leaves: Leaves

    private final class Leaves {
        var variables: [Int: Variable<S>] = [:]
    }

    /// - Parameters:
    ///   - gradients: a buffer laid out as the parameters are, for the gradients of the step. `collectGradients` with the
    ///     same buffer must follow; without one, gradients are tensors until they are collected.
    ///   - addingGradients: whether the gradients are added to those in the buffer, which an earlier part of the batch
    ///     left there.
    ///   - updates: what earlier parts of the batch want changed; this part goes on from there.
    ///   - firstSample: the position of this part in its batch.
    ///   - epochs: how many epochs training has gone through at this step.
    public init(
        _ store: ParameterStore<S>, mode: Mode, tape: Tape<S>? = nil,
        random: RandomKey = RandomKey(seed: 0, purpose: ""), gradients: Storage<S>? = nil,
        addingGradients: Bool = false, updates: BufferUpdates<S> = BufferUpdates(), checkpointing: Bool = false,
        firstSample: Int = 0, epochs: Double? = nil
    ) {
        self.mode = mode
        self.store = store
        self.tape = tape
        self.random = random
        self.gradients = gradients
        addsGradients = addingGradients
        self.updates = updates
        self.checkpointing = checkpointing
        self.firstSample = firstSample
        self.epochs = epochs
        leaves = Leaves()
    }

    /// The same for layers whose batch norms take their running statistics in training too, and leave them as they are.
    package var holdingStatistics: Context {
        var copy = self
        copy.holdsStatistics = true
        return copy
    }

    /// No tape, no dropped paths, running statistics.
    public static func evaluation(_ store: ParameterStore<S>) -> Context { Context(store, mode: .evaluation) }

    /// Whether paths are dropped and statistics are those of the batch.
    public var isTraining: Bool { mode == .training }

    /// A parameter as a variable: a leaf of the tape where there is one and the parameter is trainable. Asking twice
    /// gives the same leaf, so shared parameters add up their gradients.
    public subscript(_ parameter: Parameter) -> Variable<S> {
        if let known = leaves.variables[parameter.index] { return known }
        let tensor = store[parameter]
        let variable: Variable<S>
        if let tape, store.isTrainable[parameter.index] {
            variable =
                gradients.map {
                    tape.leaf(
                        tensor, gradientInto: $0.pointer + store.list.entries[parameter.index].offset,
                        adding: addsGradients)
                } ?? tape.leaf(tensor)
        } else {
            variable = Variable(tensor)
        }
        leaves.variables[parameter.index] = variable
        return variable
    }

    /// The random stream of the layer with that path in this step.
    public func random(_ path: String) -> RandomKey { random.derived(path).starting(at: firstSample) }

    /// The parameters that were asked for so far, by index.
    var usedParameters: [Int: Variable<S>] { leaves.variables }

    /// A buffer's value as earlier parts of the batch leave it.
    public func current(_ buffer: BufferHandle) -> Tensor<S> {
        updates.value(of: buffer.index, from: store[buffer])
    }

    /// After `tape.backward`: writes the gradient of every trainable parameter into a flat buffer laid out as the
    /// parameters are. Frozen parameters and padding get 0; with `addingGradients` only what has a gradient is written.
    ///
    /// - Returns: the names of trainable parameters that no gradient reached.
    public func collectGradients(into flat: Storage<S>) -> [String] {
        guard let tape else { return [] }
        let entries = store.list.entries
        require(
            gradients == nil || gradients === flat, "collectGradients", [],
            "the gradients were written to another buffer than the one they are collected in")
        var missing: [String] = []
        var kept: [Tensor<S>?] = []
        var isReached: [Bool] = []
        for (i, entry) in entries.enumerated() {
            let leaf = leaves.variables[i].flatMap { $0.isTracked ? $0 : nil }
            isReached.append(leaf.map { tape.isReached($0) } ?? false)
            kept.append(gradients == nil ? leaf.flatMap { tape.gradient(of: $0) } : nil)
            if !isReached[i], store.isTrainable[i] { missing.append(entry.name) }
        }
        let target = flat.pointer
        ThreadPool.current.run(chunks: entries.count) { i in
            let start = target + entries[i].offset
            let end = i + 1 < entries.count ? entries[i + 1].offset : store.list.flatCount
            let count = entries[i].shape.elementCount
            if addsGradients {
                if gradients == nil { kept[i]?.add(into: start) }
                return
            }
            kept[i]?.read { start.update(from: $0, count: count) }
            let written = isReached[i] ? count : 0
            (start + written).update(repeating: 0, count: end - entries[i].offset - written)
        }
        return missing
    }
}
