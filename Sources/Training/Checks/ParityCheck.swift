import Autograd
import Checkpoints
import JSON
import Layers
import Models
import Tensors

/// Compares a model's results with those of an independent implementation, kept in a safetensors file: logits, loss,
/// stage features and every gradient, for given parameters and input.
package struct ParityCheck<S: Scalar> {
    package struct Outcome: Sendable {
        package let name: String
        /// max |difference| / max |reference|; infinite when the value is missing.
        package let error: Double
        package let tolerance: Double
        package var passed: Bool { error <= tolerance }
    }

    package let outcomes: [Outcome]
    /// Our values under the fixture's names, for `--output`.
    package let results: SafetensorsFile

    /// - Throws: `CheckpointError` when the file is no fixture or its parameters do not fit the model it names.
    package init(path: String, tolerance: Double) throws {
        let file = try SafetensorsFile.read(path: path)
        let specification = try Self.specification(file, path)
        guard let inputTensor = file["input"], inputTensor.shape.count == 4, let target = file["target"] else {
            throw CheckpointError(path, "the fixture has no input [N, C, H, W] or no target")
        }
        let (height, width) = (inputTensor.shape[2], inputTensor.shape[3])
        let model = try specification.makeModel(height: height, width: width)
        let store = ParameterStore<S>(model.parameters, seed: 0)
        let arrays = try file.tensors.filter { $0.name.hasPrefix("param.") }.map {
            NamedArray(
                name: String($0.name.dropFirst("param.".count)), shape: $0.shape, values: try $0.doubles().map { S($0) }
            )
        }
        let report = store.load(arrays)
        guard report.isComplete, report.resized.isEmpty else {
            throw CheckpointError(path, "the parameters do not fit the model: \(report)")
        }
        let smoothing = file.metadata["label_smoothing"].flatMap { Double($0) } ?? 0
        let labels = try target.integers().map { Int32($0) }

        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let images = tape.leaf(channelsLast(Tensor(Shape(inputTensor.shape), try inputTensor.doubles().map { S($0) })))
        let output = model(images, context)
        let loss = output.logits.crossEntropy(labels: labels, smoothing: smoothing)
        var ours: [(name: String, shape: [Int], values: [S])] = [
            ("logits", output.logits.shape.dimensions, output.logits.value.array),
            ("loss", file["loss"]?.shape ?? [], loss.value.array),
        ]
        for (i, feature) in output.features.enumerated() {
            let map = channelsFirst(feature.value)
            ours.append(("feature.\(i)", map.shape.dimensions, map.array))
        }
        tape.backward(from: loss)
        let flat = Storage<S>(count: store.list.flatCount)
        let missing = Set(context.collectGradients(into: flat))
        if let gradient = tape.gradient(of: images) {
            let map = channelsFirst(gradient)
            ours.append(("grad.input", map.shape.dimensions, map.array))
        }
        for entry in store.list.entries where !missing.contains(entry.name) {
            ours.append(("grad." + entry.name, entry.fileShape, store.fileOrder(entry, flat.pointer + entry.offset)))
        }

        var outcomes: [Outcome] = []
        let byName = Dictionary(uniqueKeysWithValues: ours.map { ($0.name, $0) })
        let compared = file.tensors.filter {
            $0.name == "logits" || $0.name == "loss" || $0.name.hasPrefix("feature.") || $0.name.hasPrefix("grad.")
        }
        // Some gradients are zero but for rounding (a key's bias in attention, a scale before a batch norm); they are
        // measured against a hundredth of the largest gradient.
        let largest = try compared.filter { $0.name.hasPrefix("grad.") }
            .map { try $0.doubles().reduce(0) { max($0, abs($1)) } }.max()
        for reference in compared {
            let floor = reference.name.hasPrefix("grad.") ? 1e-2 * (largest ?? 0) : 0
            let error =
                try byName[reference.name].map { try Self.error($0.shape, $0.values, reference, floor: floor) }
                ?? .infinity
            outcomes.append(Outcome(name: reference.name, error: error, tolerance: tolerance))
        }
        let known = Set(compared.map(\.name))
        for entry in ours where !known.contains(entry.name) {
            throw CheckpointError(path, "the fixture has no \(entry.name) to compare with")
        }
        self.outcomes = outcomes
        results = SafetensorsFile(
            metadata: ["precision": S.scalarName],
            tensors: ours.map { entry in
                (entry.values as? [Float]).map { StoredTensor(name: entry.name, shape: entry.shape, floats: $0) }
                    ?? StoredTensor(name: entry.name, shape: entry.shape, doubles: entry.values.map { Double($0) })
            })
    }

    private static func error(
        _ shape: [Int], _ values: [S], _ reference: StoredTensor, floor: Double
    ) throws -> Double {
        guard shape == reference.shape || (values.count == 1 && reference.count == 1) else { return .infinity }
        var difference = 0.0
        var largest = floor
        for (a, b) in zip(values, try reference.doubles()) {
            let d = abs(Double(a) - b)
            difference = d.isNaN ? .infinity : max(difference, d)
            largest = max(largest, abs(b))
        }
        return largest > 0 ? difference / largest : difference
    }

    /// The model that the fixture's metadata describes.
    private static func specification(_ file: SafetensorsFile, _ path: String) throws -> ModelSpecification {
        guard let text = file.metadata["config"], let config = try? JSONValue(parsing: text) else {
            throw CheckpointError(path, "the metadata has no JSON entry config, so this is no parity fixture")
        }
        func fail(_ key: String) -> CheckpointError {
            CheckpointError(path, "the entry \(key) of the metadata's config is missing or has the wrong type")
        }
        func integer(_ key: String) throws -> Int {
            guard let value = config[key]?.integerValue else { throw fail(key) }
            return value
        }
        func integers(_ key: String) throws -> [Int] {
            guard let values = config[key]?.arrayValue?.map(\.integerValue), !values.contains(nil) else {
                throw fail(key)
            }
            return values.compactMap { $0 }
        }
        if let name = config["variant"]?.stringValue {
            guard let variant = ModelSpecification.variant(name) else { throw fail("variant") }
            return variant
        }
        guard config["architecture"]?.stringValue == "hornet" else { throw fail("architecture") }
        guard let scale = config["gate_scale"]?.doubleValue else { throw fail("gate_scale") }
        guard let filters = config["global_filters"]?.arrayValue else { throw fail("global_filters") }
        var specification = HorNetSpecification(
            baseWidth: try integer("base_dim"), depths: try integers("depths"), orders: try integers("orders"),
            stemStride: try integer("stem_stride"), gateScale: scale, classes: try integer("num_classes"),
            inputChannels: try integer("in_channels"))
        specification.mixers = try filters.map { filter in
            if filter == .null { return .depthwise7x7 }
            guard let size = filter.arrayValue?.compactMap(\.integerValue), size.count == 2 else {
                throw fail("global_filters")
            }
            return .globalFilter(rows: size[0], columns: size[1])
        }
        try specification.validate()
        return ModelSpecification(specification)
    }
}

/// [N, C, H, W] -> [N, H, W, C].
private func channelsLast<S>(_ x: Tensor<S>) -> Tensor<S> {
    Variable(x).transposed([0, 2, 3, 1]).value
}

/// [N, H, W, C] -> [N, C, H, W].
private func channelsFirst<S>(_ x: Tensor<S>) -> Tensor<S> {
    Variable(x).transposed([0, 3, 1, 2]).value
}
