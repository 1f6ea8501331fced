import Checkpoints
import Datasets
import Foundation
import JSON
import Layers
import Models
import Tasks
import Tensors

/// What a weights file says about itself, so that other programs need nothing else. It depends on the run alone: no
/// time, path, host or duration.
public struct WeightsMetadata: Sendable, Equatable {
    /// The model, ready to be built for the transform's input size.
    public var specification: ModelSpecification
    /// The task, and a name for each output.
    public var vocabulary: Vocabulary
    /// The name of each output.
    public var classNames: [String] { vocabulary.classNames }
    /// Input size, channels, normalisation and evaluation steps.
    public var transform: TransformPlan

    /// Metadata of weights about to be written.
    /// - Parameter transform: of the run; its training steps are left out, as nobody who reads weights needs them.
    public init(specification: ModelSpecification, vocabulary: Vocabulary, transform: TransformPlan) {
        self.specification = specification
        self.vocabulary = vocabulary
        self.transform = transform
        self.transform.training = []
        self.transform.erasing = nil
    }

    /// The safetensors metadata; `format: pt` is what PyTorch loaders look for.
    public func encoded() throws -> [String: String] {
        var entries = [
            "format": "pt",
            "hornbeam.version": "1",
            "hornbeam.model": try json(specification),
            "hornbeam.classes": try json(classNames),
            "hornbeam.transform": try json(transform),
        ]
        // Files that name no task are of the one that all files were of.
        if vocabulary.task != TaskRegistry.builtIn[0].name { entries["hornbeam.task"] = vocabulary.task }
        if vocabulary.settings != .null { entries["hornbeam.settings"] = vocabulary.settings.text() }
        return entries
    }

    /// - Throws: `CheckpointError` when the file was not written by this program or is damaged.
    init(_ metadata: [String: String], path: String) throws {
        func decode<T: Decodable>(_ key: String, as type: T.Type) throws -> T {
            guard let text = metadata["hornbeam." + key] else {
                throw CheckpointError(
                    path, "the file has no entry hornbeam.\(key) in its metadata, expected weights written by trainer")
            }
            do {
                // Its own reader first: it refuses nesting that a decoder might follow to the end of the stack.
                _ = try JSONValue(parsing: text)
                return try JSONDecoder().decode(T.self, from: Data(text.utf8))
            } catch DecodingError.dataCorrupted(let context)
                where context.debugDescription.hasPrefix("expected one known")
            {
                throw CheckpointError(
                    path, "the model is of a kind that this program does not know: \(context.debugDescription)")
            } catch {
                throw CheckpointError(path, "the metadata entry hornbeam.\(key) cannot be read, the file is damaged")
            }
        }
        specification = try decode("model", as: ModelSpecification.self)
        let task = metadata["hornbeam.task"] ?? TaskRegistry.builtIn[0].name
        guard TaskRegistry.task(task) != nil else {
            throw CheckpointError(
                path,
                "the weights are of the task \(task), which this program does not know, expected one of "
                    + TaskRegistry.all.map { $0.name }.joined(separator: ", "))
        }
        vocabulary = Vocabulary(
            task: task, classNames: try decode("classes", as: [String].self),
            settings: try Self.settings(metadata["hornbeam.settings"], path))
        transform = try decode("transform", as: TransformPlan.self)
        let classes = specification.classes
        guard classNames.count == classes, (1...1_000_000).contains(classes) else {
            throw CheckpointError(path, "the metadata names \(classNames.count) classes for a model of \(classes)")
        }
        guard transform.channels == specification.inputChannels else {
            throw CheckpointError(
                path,
                "the metadata's input of \(transform.height)x\(transform.width), \(transform.channels) channels, "
                    + "does not fit its model of \(specification.inputChannels) channels")
        }
        if let problem = transform.problem {
            throw CheckpointError(path, "the stored transform is impossible: \(problem)")
        }
        do { _ = try specification.resolved(height: transform.height, width: transform.width) } catch {
            throw CheckpointError(path, "the metadata names a model that cannot be: \(error)")
        }
        let size = Pair(transform.height, transform.width)
        if let problem = TaskRegistry.task(task)?.contradiction(vocabulary, specification, size: size) {
            throw CheckpointError(path, problem)
        }
    }
}

extension WeightsMetadata {
    private static func settings(_ text: String?, _ path: String) throws -> JSONValue {
        guard let text else { return .null }
        guard let value = try? JSONValue(parsing: text) else {
            throw CheckpointError(path, "the metadata entry hornbeam.settings cannot be read, the file is damaged")
        }
        return value
    }
}

private func json<T: Encodable>(_ value: T) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension WeightsMetadata {
    /// The largest number of elements that filters are resized to beyond what the file itself holds.
    private static let mostResized = 1 << 24
    /// The largest array that a single image may need, in numbers: half a gigabyte.
    private static let mostPerImage = 1 << 27

    /// Reads what a weights file says about itself, without the values.
    /// - Throws: `CheckpointError` also when the model it names cannot be in a file of its size: a few bytes of metadata
    ///   may name a model that no machine has the memory for.
    public static func read(_ path: String) throws -> WeightsMetadata {
        let header = try SafetensorsFile.readHeader(path: path)
        let metadata = try WeightsMetadata(header.metadata, path: path)
        try metadata.checkSize(header, path: path)
        return metadata
    }

    private func checkSize(_ header: SafetensorsHeader, path: String) throws {
        let bytes = header.entries.reduce(0) { $0 + $1.range.count }
        let (height, width) = (transform.height, transform.width)
        let model: any FeatureModel
        let largest: Int
        do {
            model = try specification.makeModel(height: height, width: width)
            largest = try model.trace(height: height, width: width).largestArray
        } catch { throw CheckpointError(path, "the metadata names a model that cannot be: \(error)") }
        // A number takes a byte at least. Filters alone may be smaller in the file, they are resized when they are read.
        let list = model.parameters
        let filters = list.entries.reduce(0) { $0 + ($1.layout == .spectrum ? $1.shape.elementCount : 0) }
        let others = list.parameterCount - filters
        guard others <= bytes, list.parameterCount <= max(bytes, Self.mostResized) else {
            throw CheckpointError(
                path,
                "the entries do not fit the model: it has \(list.parameterCount) parameters, but the file holds "
                    + "\(bytes) bytes of numbers")
        }
        guard largest <= Self.mostPerImage else {
            throw CheckpointError(
                path,
                "an image of \(height)x\(width) would take \(largest) numbers in one layer of this model, more than the "
                    + "limit of \(Self.mostPerImage), so the metadata is damaged")
        }
    }
}
