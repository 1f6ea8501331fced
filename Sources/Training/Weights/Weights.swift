import Checkpoints
import Layers
import Models
import Tensors

/// A model with its values and what its file says about it.
public struct Weights {
    public let metadata: WeightsMetadata
    public let model: any FeatureModel
    public let store: ParameterStore<Float>

    public init(metadata: WeightsMetadata, model: any FeatureModel, store: ParameterStore<Float>) {
        self.metadata = metadata
        self.model = model
        self.store = store
    }

    /// Reads a weights file that `trainer` wrote.
    /// - Throws: `CheckpointError` in one sentence when the file is missing, damaged, foreign or does not fit the model
    ///   it names.
    public static func read(_ path: String) throws -> Weights {
        // The header alone says whether the rest is worth its memory.
        let metadata = try WeightsMetadata.read(path)
        let file = try SafetensorsFile.read(path: path)
        let model = try metadata.specification.makeModel(
            height: metadata.transform.height, width: metadata.transform.width)
        let store = ParameterStore<Float>(model.parameters, seed: 0)
        let report = try store.load(file, path: path)
        guard report.isComplete else { throw CheckpointError(path, "the entries do not fit the model: \(report)") }
        return Weights(metadata: metadata, model: model, store: store)
    }

    /// Writes the values under PyTorch's names and shapes, replacing the file in one step.
    public func write(_ path: String) throws { try Weights.file(store, metadata).write(path: path) }

    static func file(_ store: ParameterStore<Float>, _ metadata: WeightsMetadata) throws -> SafetensorsFile {
        SafetensorsFile(metadata: try metadata.encoded(), tensors: store.storedTensors())
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
    /// Loads every tensor of a file by name; names of other libraries are translated.
    /// - Throws: `CheckpointError` when an entry has an element type that is no number, or a value that no model can work
    ///   with: one that is not finite, or a count that is none.
    public func load(_ file: SafetensorsFile, path: String, skipping: Set<String> = []) throws -> LoadReport {
        let arrays = try file.tensors.map { tensor in
            let values: [S]
            if tensor.type.isFloatingPoint {
                values = S.self == Float.self ? try tensor.floats().map { S($0) } : try tensor.doubles().map { S($0) }
            } else {
                values = try tensor.integers().map { S($0) }
            }
            return NamedArray(name: tensor.name, shape: tensor.shape, values: values, isInteger: false)
        }
        try check(file, arrays, path: path, skipping: skipping)
        return load(arrays, rename: ModelSpecification.canonicalName, skipping: skipping)
    }

    /// Looks at every value that is taken over.
    private func check(
        _ file: SafetensorsFile, _ arrays: [NamedArray<S>], path: String, skipping: Set<String>
    ) throws {
        let parameters = Set(list.entries.map(\.name))
        let buffers = Dictionary(list.buffers.map { ($0.name, $0) }) { first, _ in first }
        for (tensor, array) in zip(file.tensors, arrays) {
            let name =
                parameters.contains(array.name) || buffers[array.name] != nil
                ? array.name : ModelSpecification.canonicalName(array.name)
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
