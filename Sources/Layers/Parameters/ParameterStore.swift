// Parameters: what a model declares, and the store that holds the values.

import Tensors

/// The values of a model's parameters in one flat, aligned buffer, and of its buffers beside it. They are
/// written between steps alone: by the optimizer, by `load` and `apply`, by a state that is taken over, by checks of gradients.
public final class ParameterStore<S: Scalar>: @unchecked Sendable {
    /// What the values are of.
    public let list: ParameterList
    /// All parameters; entry i occupies `list.entries[i].range`, the padding between them is 0.
    public let flat: Storage<S>
    /// The values of the buffers, in the order of the list.
    public internal(set) var buffers: [Tensor<S>]
    /// Whether gradients flow to a parameter.
    public var isTrainable: [Bool]

    /// First values as the model declares them, a function of the seed and each parameter's name.
    public init(_ list: ParameterList, seed: UInt64) {
        self.list = list
        flat = Storage(count: list.flatCount)
        flat.pointer.initialize(repeating: 0, count: list.flatCount)
        buffers = list.buffers.map { Tensor($0.shape, repeating: S($0.initial)) }
        isTrainable = list.entries.map { !$0.isHeld }
        let values = flat.pointer
        ThreadPool.current.run(chunks: list.entries.count) { i in
            let entry = list.entries[i]
            var random = Random(seed: seed, purpose: "initialise " + entry.name)
            let target = values + entry.offset
            let count = entry.shape.elementCount
            switch entry.initializer {
            case .constant(let value): target.update(repeating: S(value), count: count)
            case .values(let values): for (k, value) in values.prefix(count).enumerated() { target[k] = S(value) }
            case .normal(let deviation): for k in 0..<count { target[k] = S(deviation * random.normal()) }
            case .xavierUniform:
                let bound = (6 / Double(entry.fans.input + entry.fans.output)).squareRoot()
                for k in 0..<count { target[k] = S(random.uniform(-bound, bound)) }
            case .kaimingNormalFanOut:
                let deviation = (2 / Double(entry.fans.output)).squareRoot()
                for k in 0..<count { target[k] = S(deviation * random.normal()) }
            case .uniform(let bound): for k in 0..<count { target[k] = S(random.uniform(-bound, bound)) }
            case .uniformFanIn:
                let bound = 1 / Double(entry.fans.input).squareRoot()
                for k in 0..<count { target[k] = S(random.uniform(-bound, bound)) }
            case .varianceFanIn:
                let bound = (3 / Double(entry.fans.input)).squareRoot()
                for k in 0..<count { target[k] = S(random.uniform(-bound, bound)) }
            case .kaimingUniformFanIn:
                let bound = (6 / Double(entry.fans.input)).squareRoot()
                for k in 0..<count { target[k] = S(random.uniform(-bound, bound)) }
            }
        }
    }

    /// The same values in another precision.
    public convenience init<T: Scalar>(converting other: ParameterStore<T>) {
        self.init(other.list, seed: 0)
        for i in 0..<list.flatCount { flat.pointer[i] = S(other.flat.pointer[i]) }
        buffers = other.buffers.map { $0.converted(to: S.self) }
        isTrainable = other.isTrainable
    }

    /// A parameter's values, a window of the flat buffer.
    public subscript(_ parameter: Parameter) -> Tensor<S> { tensor(parameter.index) }
    /// A buffer's values.
    public subscript(_ buffer: BufferHandle) -> Tensor<S> { buffers[buffer.index] }

    /// Parameter number `index`, in our layout; a window of the flat buffer.
    public func tensor(_ index: Int) -> Tensor<S> {
        let entry = list.entries[index]
        return Tensor(storage: flat, offset: entry.offset, shape: entry.shape)
    }

    /// A copy of all values; later changes of the store do not reach it.
    public func copy() -> ParameterStore<S> { ParameterStore(converting: self) }

    /// Writes the buffers that a training step changed.
    public func apply(_ updates: BufferUpdates<S>) {
        for index in updates.changes.keys { buffers[index] = updates.value(of: index, from: buffers[index]) }
        updates.changes.removeAll(keepingCapacity: true)
    }

    /// Replaces a buffer's values.
    package func setBuffer(_ index: Int, _ tensor: Tensor<S>) {
        require(
            tensor.shape == buffers[index].shape, "buffer", [tensor.shape, buffers[index].shape], "shapes must agree")
        buffers[index] = tensor
    }

    /// Redraws every parameter so that all paths carry signal, for gradient checks: weights about 1 / sqrt(fan-in),
    /// layer scales and gains about 0.5 to 1, small biases.
    public func redraw(seed: UInt64) {
        for entry in list.entries {
            var random = Random(seed: seed, purpose: "redraw " + entry.name)
            let deviation = 1 / Double(max(1, entry.fans.input)).squareRoot()
            for k in entry.range {
                switch entry.role {
                case .weight: flat.pointer[k] = S(deviation * random.normal())
                case .bias: flat.pointer[k] = S(0.1 * random.normal())
                case .gain: flat.pointer[k] = S(1 + 0.2 * random.normal())
                case .layerScale: flat.pointer[k] = S(0.5 + 0.1 * random.normal())
                case .spectrum: flat.pointer[k] = S(0.5 * random.normal())
                }
            }
        }
        flat.noteChange()
    }
}

extension ParameterStore {
    /// Takes over all values of another store of the same model.
    public func update(from other: ParameterStore<S>) {
        require(list.flatCount == other.list.flatCount, "update(from:)", "the stores must belong to the same model")
        flat.pointer.update(from: other.flat.pointer, count: list.flatCount)
        flat.noteChange()
        buffers = other.buffers
    }
}

extension ParameterStore {
    /// The values that belong to the list which this store's own list goes on with, as a store of their own.
    package func prefix(_ list: ParameterList) -> ParameterStore<S> {
        if list.entries.count == self.list.entries.count, list.buffers.count == self.list.buffers.count { return self }
        let store = ParameterStore(list, seed: 0)
        store.flat.pointer.update(from: flat.pointer, count: list.flatCount)
        store.buffers = Array(buffers.prefix(list.buffers.count))
        return store
    }

    /// Takes over the values of a store whose list this store's own goes on with.
    package func updatePrefix(from other: ParameterStore<S>) {
        require(
            other.list.flatCount <= list.flatCount && other.buffers.count <= buffers.count, "updatePrefix(from:)",
            "the other store must be the smaller one")
        flat.pointer.update(from: other.flat.pointer, count: other.list.flatCount)
        flat.noteChange()
        for (index, buffer) in other.buffers.enumerated() { buffers[index] = buffer }
    }
}
