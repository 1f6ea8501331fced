// Weights: files of weights with what they say of themselves, and weights to begin a run with.

import Checkpoints
import Layers
import Models
import Tensors

/// A model with its values and what its file says about it.
public struct Weights {
    /// What the file says about itself.
    public let metadata: WeightsMetadata
    /// The model, built for the metadata's input size.
    public let model: any FeatureModel
    /// The values of its parameters and buffers.
    public let store: ParameterStore<Float>

    /// Weights made in memory; the three must be of one model.
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
        return try Weights(SafetensorsFile.read(path: path), metadata, path)
    }

    /// The same for the bytes of a file.
    static func read(_ bytes: [UInt8], path: String) throws -> Weights {
        let file = try SafetensorsFile(bytes: bytes, path: path)
        return try Weights(file, WeightsMetadata(file.metadata, path: path), path)
    }

    private init(_ file: SafetensorsFile, _ metadata: WeightsMetadata, _ path: String) throws {
        let model = try metadata.specification.makeModel(
            height: metadata.transform.height, width: metadata.transform.width)
        let store = ParameterStore<Float>(model.parameters, seed: 0)
        let report = try store.load(file, path: path, of: metadata.specification)
        guard report.isComplete else { throw CheckpointError(path, "the entries do not fit the model: \(report)") }
        self.init(metadata: metadata, model: model, store: store)
    }

    /// Writes the values under PyTorch's names and shapes, replacing the file in one step.
    public func write(_ path: String) throws { try Weights.file(store, metadata).write(path: path) }

    static func file(_ store: ParameterStore<Float>, _ metadata: WeightsMetadata) throws -> SafetensorsFile {
        SafetensorsFile(metadata: try metadata.encoded(), tensors: store.storedTensors())
    }
}

extension ParameterStore {
    /// Loads every tensor of a file by name; names of other libraries are translated as the model's family says.
    /// - Throws: `CheckpointError` when an entry has an element type that is no number, or a value that no model can work
    ///   with: one that is not finite, or a count that is none.
    public func load(
        _ file: SafetensorsFile, path: String, of specification: ModelSpecification, skipping: Set<String> = []
    ) throws -> LoadReport {
        try load(file, named: path, rename: specification.canonicalName, skipping: skipping)
    }
}
