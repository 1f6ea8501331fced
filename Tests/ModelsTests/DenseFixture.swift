import Autograd
import Checkpoints
import Foundation
import Layers
import Models
import Tensors
import Testing

/// Results of an independent implementation in double precision, cut down by `Scripts/dense-fixtures.py`, which describes
/// them: results are rounded to float, and of large gradients some elements are kept.
struct DenseFixture {
    let file: SafetensorsFile

    init(_ name: String) throws {
        let folder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures")
        file = try SafetensorsFile.read(path: folder.appendingPathComponent(name + ".safetensors").path)
    }

    /// A map [N, C, H, W] of the file, channels last.
    func map<S: Scalar>(_ name: String) throws -> Tensor<S> {
        let stored = try #require(file[name])
        return Tensor(Shape(stored.shape), try stored.doubles().map { S($0) }).transposed([0, 2, 3, 1])
    }

    func number(_ name: String) throws -> Double { try #require(file[name]).doubles()[0] }

    /// Loads everything under `prefix`, where nothing may be missing or left over.
    func load<S: Scalar>(_ store: ParameterStore<S>, _ prefix: String, rename: (String) -> String) throws {
        let arrays = try file.tensors.filter { $0.name.hasPrefix(prefix) }.map { tensor in
            NamedArray<S>(
                name: String(tensor.name.dropFirst(prefix.count)), shape: tensor.shape,
                values: try tensor.type.isFloatingPoint
                    ? tensor.doubles().map { S($0) } : tensor.integers().map { S($0) })
        }
        let report = store.load(arrays, rename: rename)
        #expect(report == LoadReport(), "\(report)")
    }

    /// max |difference| / max |reference| of a map of ours.
    func error<S: Scalar>(_ name: String, _ ours: Tensor<S>) throws -> Double {
        let reference: Tensor<Double> = try map(name)
        try #require(reference.shape == ours.shape, "\(name) is \(ours.shape)")
        return relativeError(ours.array.map { Double($0) }, reference.array)
    }

    /// The largest error of all gradients under `prefix`, each against its largest magnitude or a hundredth of the largest
    /// of all; and the number of gradients compared.
    func gradientError<S: Scalar>(
        _ store: ParameterStore<S>, _ flat: Storage<S>, _ prefix: String, rename: (String) -> String
    ) throws -> (worst: Double, count: Int) {
        let stored = file.tensors.filter { $0.name.hasPrefix(prefix) && !$0.name.hasPrefix(prefix + "in.") }
        func largest(_ tensor: StoredTensor) throws -> Double {
            try file["largest." + tensor.name]?.doubles()[0] ?? tensor.doubles().map { abs($0) }.max() ?? 0
        }
        let scale = try stored.map(largest).max() ?? 0
        let entries = Dictionary(uniqueKeysWithValues: store.list.entries.map { ($0.name, $0) })
        var worst = 0.0
        for tensor in stored {
            let entry = try #require(entries[rename(String(tensor.name.dropFirst(prefix.count)))], "\(tensor.name)")
            let all = store.fileOrder(entry, flat.pointer + entry.offset).map { Double($0) }
            let samples = try tensor.doubles()
            let values = samples.indices.map { all[samples.count > 1 ? $0 * (all.count - 1) / (samples.count - 1) : 0] }
            let bound = try max(largest(tensor), 1e-2 * scale)
            let difference = zip(values, samples).map { $0.isNaN ? .infinity : abs($0 - $1) }.max() ?? 0
            worst = max(worst, difference / bound)
        }
        return (worst, stored.count)
    }
}

func relativeError(_ ours: [Double], _ reference: [Double]) -> Double {
    let largest = reference.map { abs($0) }.max() ?? 0
    let difference = zip(ours, reference).map { $0.isNaN ? .infinity : abs($0 - $1) }.max() ?? 0
    return largest > 0 ? difference / largest : difference
}

/// The mean cross-entropy over pixels whose label is not 255 and its gradient, as a plain loop.
func plainCrossEntropy<S: Scalar>(_ logits: Tensor<S>, _ labels: [Int]) -> (loss: Double, gradient: Tensor<S>) {
    let (values, classes) = (logits.array, logits.shape.columns)
    let counted = labels.filter { $0 != 255 }.count
    var gradient = [S](repeating: 0, count: values.count)
    var loss = 0.0
    for (row, label) in labels.enumerated() where label != 255 {
        let scores = (0..<classes).map { Double(values[row * classes + $0]) }
        let largest = scores.max() ?? 0
        let sum = scores.reduce(0) { $0 + exp($1 - largest) }
        loss += log(sum) + largest - scores[label]
        for k in 0..<classes {
            let share = exp(scores[k] - largest) / sum - (k == label ? 1 : 0)
            gradient[row * classes + k] = S(share / Double(counted))
        }
    }
    return (loss / Double(counted), Tensor(logits.shape, gradient))
}
