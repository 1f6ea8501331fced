import Autograd
import Checkpoints
import JSON
import Layers
import Models
import Tensors

extension ParityCheck {
    /// Logits, loss, stage features and gradients of a classifier in training mode.
    static func classifier(_ fixture: ParityFixture<S>) throws -> ParityValues<S> {
        let specification = try classifierSpecification(fixture)
        guard let target = fixture.file["target"] else {
            throw fixture.fail("the fixture has no input [N, C, H, W] or no target")
        }
        let input = try fixture.map("input")
        let model = try specification.makeModel(height: input.shape[1], width: input.shape[2])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        let known = Set(model.parameters.entries.map(\.name))
        func ours(_ name: String) -> String { known.contains(name) ? name : specification.canonicalName(name) }
        try fixture.load(store, rename: ours)
        let smoothing = fixture.file.metadata["label_smoothing"].flatMap { Double($0) } ?? 0
        let labels = try target.integers().map { Int32($0) }

        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let images = tape.leaf(input)
        let output = model(images, context)
        let loss = output.logits.crossEntropy(labels: labels, smoothing: smoothing)
        var values = ParityValues<S>()
        values.add("logits", shape: output.logits.shape.dimensions, output.logits.value.array)
        values.add("loss", shape: fixture.file["loss"]?.shape ?? [], loss.value.array)
        for (i, feature) in output.features.enumerated() { values.add("feature.\(i)", map: feature.value) }
        tape.backward(from: loss)
        values.addGradients(context, fixture, leaves: [("input", images)], rename: ours)
        return values
    }

    /// The model that the fixture's metadata describes.
    private static func classifierSpecification(_ fixture: ParityFixture<S>) throws -> ModelSpecification {
        guard let config = fixture.config else {
            throw fixture.fail("the metadata has no JSON entry config, so this is no parity fixture")
        }
        func fail(_ key: String) -> CheckpointError {
            fixture.fail("the entry \(key) of the metadata's config is missing or has the wrong type")
        }
        if let swin = try swinSpecification(fixture) { return swin }
        if let name = config["variant"]?.stringValue {
            guard let variant = ModelSpecification.variant(name) else { throw fail("variant") }
            return variant
        }
        guard config["architecture"]?.stringValue == "hornet" else { throw fail("architecture") }
        guard let scale = config["gate_scale"]?.doubleValue else { throw fail("gate_scale") }
        guard let filters = config["global_filters"]?.arrayValue else { throw fail("global_filters") }
        var specification = HorNetSpecification(
            baseWidth: try fixture.integer(config, "base_dim"), depths: try fixture.integers(config, "depths"),
            orders: try fixture.integers(config, "orders"), stemStride: try fixture.integer(config, "stem_stride"),
            gateScale: scale, classes: try fixture.integer(config, "num_classes"),
            inputChannels: try fixture.integer(config, "in_channels"))
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
