import Autograd
import Datasets
import Exporting
import JSON
import Layers
import Reporting
import Tasks
import Tensors
import Training

/// What a model's layers are given and make while it looks at validation images, and what it loses where both are bytes.
struct EightBitTrial<C: TaskConfiguration> {
    let weights: Weights
    let path: String
    private let task: C.Task
    private let dataset: any AnnotatedDataset<C.Task.Annotation>
    private let recipe: Training.Recipe

    /// More images than these say little more about ranges.
    private static var mostImages: Int { 512 }

    /// - Throws: where there are no validation images, or none that fit.
    init(_ weights: Weights, _ path: String, _ recipe: Training.Recipe, _ configuration: C, _ console: Console) throws {
        (self.weights, self.path, self.recipe) = (weights, path, recipe)
        let images = try configuration.openPart(
            recipe.dataRequest, .validation, isTrainedOn: Weights.mayHaveLearnt(path, from: recipe.data.path))
        for notice in images.notices { console.notice(notice) }
        dataset = try weights.matched(images.dataset, recipe.data, C.self)
        task = try C.task(weights.metadata.vocabulary)
    }

    private func loader() throws -> BatchLoader<C.Task.TargetCollator> {
        BatchLoader(
            dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
            collator: task.collator(training: false),
            options: LoaderOptions(
                batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads, cacheBudget: 0))
    }

    /// What is seen while a model runs.
    private final class Seen: @unchecked Sendable {
        var ranges = ActivationRanges()
    }

    /// The ranges, over the first images of the part.
    /// - Returns: them, and how many images there were.
    func ranges() throws -> (ActivationRanges, images: Int) {
        let seen = Seen()
        var probe = LayerProbe()
        probe.input = { path, values in
            if let range = values.finiteRange { seen.ranges.add(input: path, range) }
            return values
        }
        probe.output = { path, values in
            if let range = values.finiteRange { seen.ranges.add(output: path, range) }
            return values
        }
        let loader = try loader()
        loader.start(epoch: 0)
        var count = 0
        while count < Self.mostImages, let batch = try loader.next() {
            LayerProbe.$current.withValue(probe) { _ = weights.model.answer(Tensor(batch), weights.store) }
            count += batch.count
        }
        return (seen.ranges, count)
    }

    /// The first metric of the part with weights as they are, and with what the graph has as bytes rounded to them.
    func measure(_ layers: QuantizedLayers, _ ranges: ActivationRanges) throws -> EightBitLoss {
        let plain = try task.evaluate(weights.model, weights.store, try loader()).scores
        let rounded = ParameterStore<Float>(weights.model.parameters, seed: 0)
        let names = Set(layers.layers.map { $0 + ".weight" })
        _ = rounded.load(
            weights.store.stateDictionary().map { array in
                guard names.contains(array.name), let channels = array.shape.first else { return array }
                return NamedArray(
                    name: array.name, shape: array.shape,
                    values: SignedBytes(array.values, channels: channels).floats)
            })
        let (given, made) = (Set(layers.layers), Set(layers.outputs))
        let inputs = ranges.inputs.filter { given.contains($0.key) }.mapValues(ByteScale.init)
        let outputs = ranges.outputs.filter { made.contains($0.key) }.mapValues(ByteScale.init)
        var probe = LayerProbe()
        probe.input = { path, values in inputs[path].map(values.rounded) ?? values }
        probe.output = { path, values in outputs[path].map(values.rounded) ?? values }
        let coarse = try LayerProbe.$current.withValue(probe) {
            try task.evaluate(weights.model, rounded, try loader()).scores
        }
        let metric = task.metrics.first ?? .loss
        return EightBitLoss(
            metric: metric, images: plain.count, plain: plain[metric] ?? plain.loss,
            rounded: coarse[metric] ?? coarse.loss)
    }
}

/// What bytes cost.
struct EightBitLoss {
    let metric: Metric
    let images: Int
    let plain: Double
    let rounded: Double

    var text: String {
        "\(metric.title) of \(images) validation images: \(metric.text(plain)) in single precision, "
            + "\(metric.text(rounded)) with bytes"
    }

    var json: JSONValue {
        [
            "metric": .string(metric.name), "images": .integer(images), "fp32": .number(plain),
            "int8": .number(rounded),
        ]
    }
}

extension Tensor<Float> {
    /// The least and the largest number; nil without numbers, or where one is not finite.
    fileprivate var finiteRange: ClosedRange<Float>? {
        read { values in
            guard elementCount > 0 else { return nil }
            var (low, high) = (values[0], values[0])
            var isFinite = true
            for index in 0..<elementCount {
                let value = values[index]
                low = value < low ? value : low
                high = value > high ? value : high
                isFinite = isFinite && value.isFinite
            }
            return isFinite ? low...high : nil
        }
    }

    fileprivate func rounded(_ scale: ByteScale) -> Tensor<Float> {
        Tensor(shape) { out in
            read { values in for index in 0..<elementCount { out[index] = scale.rounded(values[index]) } }
        }
    }
}
