import Autograd
import Checkpoints
import Foundation
import Layers
import Models
import Tensors
import Testing

/// A small model computed by PyTorch in double precision; `Scripts/model-fixtures.py` wrote it and describes it.
private struct FamilyFixture {
    let file: SafetensorsFile
    let specification: ModelSpecification

    init(_ name: String) throws {
        let folder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures")
        file = try SafetensorsFile.read(path: folder.appendingPathComponent(name + ".safetensors").path)
        let text = try #require(file.metadata["model"])
        specification = try JSONDecoder().decode(ModelSpecification.self, from: Data(text.utf8))
    }

    /// Runs the model in both modes and returns each result's error relative to the largest magnitude.
    func errors<S: Scalar>(as type: S.Type) throws -> [String: Double] {
        let input = try #require(file["input"])
        let model = try specification.makeModel(height: input.shape[2], width: input.shape[3])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        let prefix = "param."
        let report = store.load(
            try file.tensors.filter { $0.name.hasPrefix(prefix) }.map { tensor in
                let values = try tensor.type.isFloatingPoint ? tensor.doubles().map { S($0) } : tensor.integers().map { S($0) }
                return NamedArray(name: String(tensor.name.dropFirst(prefix.count)), shape: tensor.shape, values: values)
            })
        #expect(report == LoadReport(), "\(report)")
        #expect(
            Set(store.stateDictionary().map { prefix + $0.name })
                == Set(file.tensors.map(\.name).filter { $0.hasPrefix(prefix) }))
        let images = Tensor(Shape(input.shape), try input.doubles().map { S($0) }).transposed([0, 2, 3, 1])
        var results: [String: [S]] = [:]

        let evaluation = model(Variable(images), .evaluation(store))
        results["eval.logits"] = evaluation.logits.value.array
        let taps = try model.taps(height: input.shape[2], width: input.shape[3])
        #expect(
            evaluation.features.map(\.shape) == taps.map { Shape([images.shape[0], $0.height, $0.width, $0.channels]) })
        for (i, feature) in evaluation.features.enumerated() {
            results["eval.feature.\(i)"] = feature.value.transposed([0, 3, 1, 2]).array
        }

        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let output = model(Variable(images), context)
        let labels = try #require(file["target"]).integers().map { Int32($0) }
        let loss = output.logits.crossEntropy(labels: labels, smoothing: 0.1)
        results["train.logits"] = output.logits.value.array
        results["train.loss"] = loss.value.array
        tape.backward(from: loss)
        let gradients = Storage<S>(count: store.list.flatCount)
        #expect(context.collectGradients(into: gradients) == [], "every parameter must have a gradient")
        for entry in store.list.entries {
            results["train.grad." + entry.name] = store.fileOrder(entry, gradients.pointer + entry.offset)
        }
        store.apply(context.updates)
        for (i, buffer) in store.list.buffers.enumerated() { results["after." + buffer.name] = store.buffers[i].array }

        let known = Set(file.tensors.map(\.name).filter { $0.hasPrefix("eval.") || $0.hasPrefix("train.") || $0.hasPrefix("after.") })
        #expect(Set(results.keys) == known)
        let scale = try largestGradient()
        var errors: [String: Double] = [:]
        for (name, values) in results {
            let samples = try #require(file[name]).doubles()
            let largest = try #require(file["largest." + name]).doubles()[0]
            try #require(samples.count == min(24, values.count), "\(name) has \(values.count) elements")
            var difference = abs((values.map { abs(Double($0)) }.max() ?? 0) - largest)
            for (i, sample) in samples.enumerated() {
                let element = samples.count > 1 ? i * (values.count - 1) / (samples.count - 1) : 0
                let d = abs(Double(values[element]) - sample)
                difference = d.isNaN ? .infinity : max(difference, d)
            }
            // Some gradients, those of key biases, are 0 but for rounding; they count against the others.
            errors[name] = difference / max(largest, name.hasPrefix("train.grad.") ? 1e-3 * scale : 0)
        }
        return errors
    }

    private func largestGradient() throws -> Double {
        try file.tensors.filter { $0.name.hasPrefix("largest.train.grad.") }.map { try $0.doubles()[0] }.max() ?? 0
    }
}

@Suite struct FamilyParityTests {
    /// Results in both modes, gradients, and running statistics after a training step; odd sizes throughout.
    @Test(arguments: [
        ("convnext", 43), ("resnet_bottleneck", 112), ("resnet_cifar", 74), ("cvt", 217), ("cvt_quick_mean", 216),
    ])
    func resultsGradientsAndStatisticsAgreeWithPyTorch(name: String, count: Int) throws {
        let fixture = try FamilyFixture(name)
        let errors = try fixture.errors(as: Double.self)
        #expect(errors.count == count)
        for (part, error) in errors { #expect(error <= 1e-9, "\(name), double: \(part)") }
        for (part, error) in try fixture.errors(as: Float.self) { #expect(error <= 3e-5, "\(name), float: \(part)") }
    }
}
