import Layers
import Tensors

// Between a model's values and files. `stateDictionary` and `load` of a store know names, shapes and order; element types
// and bytes are known here.
extension SafetensorsFile {
    /// The values of a model under PyTorch's names and shapes: all parameters, then all buffers.
    ///
    ///     try SafetensorsFile(store).write(path: "model.safetensors")
    ///
    /// - Parameter metadata: what the file says about itself; `format: pt` is what PyTorch's loaders look for.
    public init(_ store: ParameterStore<Float>, metadata: [String: String] = ["format": "pt"]) {
        self.init(metadata: metadata, tensors: store.storedTensors())
    }
}

extension ParameterStore where S == Float {
    /// The state dict as stored tensors.
    public func storedTensors() -> [StoredTensor] {
        stateDictionary().map { array in
            array.isInteger
                ? StoredTensor(name: array.name, shape: array.shape, integers: array.values.map { Int($0) })
                : StoredTensor(name: array.name, shape: array.shape, floats: array.values)
        }
    }
}

extension ParameterStore {
    /// Copies every tensor of a file that fits into this store, by name.
    ///
    ///     let report = try store.load(SafetensorsFile.read(path: "model.safetensors"))
    ///
    /// - Parameters:
    ///   - rename: translates names that the model does not have, those of another library.
    ///   - skipping: names that are left alone, a head of another size, say.
    /// - Returns: what was missing, unused or of another shape; nothing of it when `isComplete`.
    /// - Throws: `CheckpointError` when an entry has an element type that is no number.
    public func load(
        _ file: SafetensorsFile, rename: (String) -> String = { $0 }, skipping: Set<String> = []
    ) throws -> LoadReport {
        let arrays = try file.tensors.map { tensor in
            let values: [S]
            if tensor.type.isFloatingPoint {
                values = S.self == Float.self ? try tensor.floats().map { S($0) } : try tensor.doubles().map { S($0) }
            } else {
                values = try tensor.integers().map { S($0) }
            }
            return NamedArray(name: tensor.name, shape: tensor.shape, values: values, isInteger: false)
        }
        return load(arrays, rename: rename, skipping: skipping)
    }
}
