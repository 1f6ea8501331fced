import Checkpoints
import Datasets
import Foundation
import Models

/// What a weights file says about itself, so that other programs need nothing else. It depends on the run alone: no
/// time, path, host or duration.
public struct WeightsMetadata: Sendable, Equatable {
    public var specification: ModelSpecification
    public var classNames: [String]
    /// Input size, channels, normalisation and evaluation steps.
    public var transform: TransformPlan

    public init(specification: ModelSpecification, classNames: [String], transform: TransformPlan) {
        self.specification = specification
        self.classNames = classNames
        self.transform = transform
        self.transform.training = []
        self.transform.erasing = nil
    }

    /// The safetensors metadata; `format: pt` is what PyTorch loaders look for.
    public func encoded() throws -> [String: String] {
        [
            "format": "pt",
            "hornbeam.version": "1",
            "hornbeam.model": try json(specification),
            "hornbeam.classes": try json(classNames),
            "hornbeam.transform": try json(transform),
        ]
    }

    /// - Throws: `CheckpointError` when the file was not written by this program or is damaged.
    init(_ metadata: [String: String], path: String) throws {
        func decode<T: Decodable>(_ key: String, as type: T.Type) throws -> T {
            guard let text = metadata["hornbeam." + key] else {
                throw CheckpointError(
                    path, "the file has no entry hornbeam.\(key) in its metadata, expected weights written by trainer")
            }
            do { return try JSONDecoder().decode(T.self, from: Data(text.utf8)) } catch {
                throw CheckpointError(path, "the metadata entry hornbeam.\(key) cannot be read, the file is damaged")
            }
        }
        specification = try decode("model", as: ModelSpecification.self)
        classNames = try decode("classes", as: [String].self)
        transform = try decode("transform", as: TransformPlan.self)
        let classes = specification.classes
        guard classNames.count == classes, (1...1_000_000).contains(classes) else {
            throw CheckpointError(path, "the metadata names \(classNames.count) classes for a model of \(classes)")
        }
        guard transform.channels == specification.inputChannels, max(transform.width, transform.height) <= 16_384 else {
            throw CheckpointError(
                path,
                "the metadata's input of \(transform.height)x\(transform.width), \(transform.channels) channels, "
                    + "does not fit its model of \(specification.inputChannels) channels")
        }
        if let problem = transform.problem {
            throw CheckpointError(path, "the stored transform is impossible: \(problem)")
        }
    }
}

private func json<T: Encodable>(_ value: T) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension WeightsMetadata {
    /// Reads what a weights file says about itself, without the values.
    public static func read(_ path: String) throws -> WeightsMetadata {
        try WeightsMetadata(try SafetensorsFile.readHeader(path: path).metadata, path: path)
    }
}
