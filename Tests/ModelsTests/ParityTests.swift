import Autograd
import Checkpoints
import Foundation
import JSON
import Layers
import Models
import Tensors
import Testing

/// A small HorNet computed by an independent implementation in double precision, Scripts/fixtures/hornet.py. Of every
/// result at most 24 elements are kept: number i of c is element i (n - 1) / (c - 1); `largest.*` is the largest
/// magnitude of the whole.
private struct ModelFixture {
    let file: SafetensorsFile

    init(_ name: String) throws {
        let folder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures")
        file = try SafetensorsFile.read(path: folder.appendingPathComponent(name + ".safetensors").path)
    }

    func specification() throws -> HorNetSpecification {
        let config = try JSONValue(parsing: try #require(file.metadata["config"]))
        func integers(_ key: String) throws -> [Int] {
            try #require(config[key]?.arrayValue).map { try #require($0.integerValue) }
        }
        var specification = HorNetSpecification(
            baseWidth: try #require(config["base_dim"]?.integerValue), depths: try integers("depths"),
            orders: try integers("orders"), stemStride: try #require(config["stem_stride"]?.integerValue),
            gateScale: try #require(config["gate_scale"]?.doubleValue),
            classes: try #require(config["num_classes"]?.integerValue),
            inputChannels: try #require(config["in_channels"]?.integerValue))
        specification.mixers = try #require(config["global_filters"]?.arrayValue).map { filter in
            guard let size = filter.arrayValue else { return .depthwise7x7 }
            return .globalFilter(rows: size.first?.integerValue, columns: size.last?.integerValue)
        }
        return specification
    }

    /// Runs the model and its gradients, and returns each result's error relative to the largest magnitude.
    func errors<S: Scalar>(as type: S.Type) throws -> [String: Double] {
        let input = try #require(file["input"])
        let model = try ModelSpecification(specification()).makeModel(height: input.shape[2], width: input.shape[3])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        let prefix = "param."
        let report = store.load(
            try file.tensors.filter { $0.name.hasPrefix(prefix) }.map {
                NamedArray(
                    name: String($0.name.dropFirst(prefix.count)), shape: $0.shape,
                    values: try $0.doubles().map { S($0) })
            })
        #expect(report == LoadReport(), "\(report)")

        let smoothing = try #require(Double(file.metadata["label_smoothing"] ?? ""))
        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let images = Tensor(Shape(input.shape), try input.doubles().map { S($0) }).transposed([0, 2, 3, 1])
        let leaf = tape.leaf(images)
        let output = model(leaf, context)
        let loss = output.logits.crossEntropy(
            labels: try #require(file["target"]).integers().map { Int32($0) }, smoothing: smoothing)
        var results = ["logits": output.logits.value.array, "loss": loss.value.array]
        for (i, feature) in output.features.enumerated() {
            results["feature.\(i)"] = feature.value.transposed([0, 3, 1, 2]).array
        }
        tape.backward(from: loss)
        let gradients = Storage<S>(count: store.list.flatCount)
        #expect(context.collectGradients(into: gradients) == [], "every parameter must have a gradient")
        results["grad.input"] = try #require(tape.gradient(of: leaf)).transposed([0, 3, 1, 2]).array
        for entry in store.list.entries {
            results["grad." + entry.name] = store.fileOrder(entry, gradients.pointer + entry.offset)
        }

        var errors: [String: Double] = [:]
        for (name, values) in results {
            let stored = try #require(file[name], "the fixture has no \(name)")
            let samples = try stored.doubles()
            let largest = try #require(try file["largest." + name]?.doubles().first)
            try #require(samples.count == min(24, values.count), "\(name) has \(values.count) elements")
            var difference = abs((values.map { abs(Double($0)) }.max() ?? 0) - largest)
            for (i, sample) in samples.enumerated() {
                let element = samples.count > 1 ? i * (values.count - 1) / (samples.count - 1) : 0
                let d = abs(Double(values[element]) - sample)
                difference = d.isNaN ? .infinity : max(difference, d)
            }
            errors[name] = difference / largest
        }
        return errors
    }
}

@Suite struct ParityTests {
    /// The third has filters for 64 x 64 pixels and images of 96 x 96, so they are resized on each call.
    @Test(arguments: ["hornet_7x7", "hornet_gf", "hornet_gf_resized"])
    func resultsAndGradientsAgreeWithAnIndependentImplementation(name: String) throws {
        let fixture = try ModelFixture(name)
        let errors = try fixture.errors(as: Double.self)
        #expect(errors.count > 120)
        for (part, error) in errors { #expect(error <= 1e-9, "\(name), double: \(part)") }
        for (part, error) in try fixture.errors(as: Float.self) { #expect(error <= 3e-5, "\(name), float: \(part)") }
    }
}
