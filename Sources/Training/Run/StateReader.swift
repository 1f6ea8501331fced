import Checkpoints
import Layers
import Tensors

/// Takes values out of a saved state, each of the size that the model asks for.
struct StateReader {
    let file: SafetensorsFile
    let path: String

    func restore(_ name: String, _ store: ParameterStore<Float>) throws {
        let values = try parameters(name, store)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { store.flat.pointer.update(from: base, count: values.count) }
        }
        store.flat.noteChange()
        for (i, buffer) in store.buffers.enumerated() {
            store.setBuffer(i, Tensor(buffer.shape, try self.buffer(name, i, store)))
        }
    }

    /// A store's parameters, one after the other.
    /// - Throws: `CheckpointError` when one is not finite: no run could go on with it.
    func parameters(_ name: String, _ store: ParameterStore<Float>) throws -> [Float] {
        let values = try values(name, count: store.flat.count)
        for entry in store.list.entries where !values[entry.range].allSatisfy(\.isFinite) {
            throw CheckpointError(
                path, "the saved state holds values that are not finite in \(entry.name) (\(name)), so no run can go on"
            )
        }
        return values
    }

    func buffer(_ name: String, _ index: Int, _ store: ParameterStore<Float>) throws -> [Float] {
        let entry = store.list.buffers[index]
        let values = try values("\(name).buffer.\(index)", count: entry.shape.elementCount)
        if let problem = entry.problem(values.map { Double($0) }) {
            throw CheckpointError(path, "the saved state of \(entry.name) (\(name)) \(problem)")
        }
        return values
    }

    func values(_ name: String, count: Int) throws -> [Float] {
        guard let tensor = file[name], tensor.count == count else {
            throw CheckpointError(
                path, "the saved state has no \(name) of \(count) numbers, so it belongs to another model")
        }
        return try tensor.floats()
    }
}
