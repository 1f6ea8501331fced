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
                ? StoredTensor(name: array.name, shape: array.shape, integers: array.values.map(wholeNumber))
                : StoredTensor(name: array.name, shape: array.shape, floats: array.values)
        }
    }
}

/// A count as files hold it, whatever became of it in a computation.
private func wholeNumber(_ value: Float) -> Int {
    value.isNaN ? 0 : Int(max(0, min(0x1p53, Double(value).rounded())))
}

extension ParameterStore {
    /// Copies every tensor of a file that fits into this store, by name.
    ///
    ///     let report = try store.load(SafetensorsFile.read(path: "model.safetensors"))
    ///
    /// - Parameters:
    ///   - path: what errors call the file.
    ///   - rename: translates names that the model does not have, those of another library.
    ///   - skipping: names that are left alone, a head of another size, say.
    /// - Returns: what was missing, unused or of another shape; nothing of it when `isComplete`.
    /// - Throws: `CheckpointError` when an entry has an element type that is no number, or a value that no model can work
    ///   with: one that is not finite, or a count that is none.
    public func load(
        _ file: SafetensorsFile, named path: String = "the file", rename: (String) -> String = { $0 },
        skipping: Set<String> = []
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
        try check(file, arrays, named: path, rename: rename, skipping: skipping)
        return load(arrays, rename: rename, skipping: skipping)
    }

    /// Looks at every value that is taken over.
    private func check(
        _ file: SafetensorsFile, _ arrays: [NamedArray<S>], named path: String, rename: (String) -> String,
        skipping: Set<String>
    ) throws {
        let parameters = Set(list.entries.map(\.name))
        let buffers = Dictionary(list.buffers.map { ($0.name, $0) }) { first, _ in first }
        for (tensor, array) in zip(file.tensors, arrays) {
            let name =
                parameters.contains(array.name) || buffers[array.name] != nil
                ? array.name : rename(array.name)
            if skipping.contains(name) { continue }
            if let buffer = buffers[name], buffer.isInteger {
                // From the file itself: a `Float` does not hold every count.
                let problem =
                    tensor.type.isFloatingPoint
                    ? buffer.problem(try tensor.doubles()) : buffer.problem(try tensor.integers())
                if let problem { throw CheckpointError(path, "the entry \(array.name) \(problem)") }
            } else if parameters.contains(name) || buffers[name] != nil {
                let bad = array.values.count { !$0.isFinite }
                guard bad > 0, let first = array.values.first(where: { !$0.isFinite }) else { continue }
                throw CheckpointError(
                    path,
                    "the entry \(array.name) holds \(bad == 1 ? "a value" : "\(bad) values") of \(array.values.count) that "
                        + "\(bad == 1 ? "is" : "are") not finite (\(first)), so the weights are of no use; they are damaged, or "
                        + "their training diverged")
            }
        }
    }
}
