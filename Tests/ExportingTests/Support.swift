import Autograd
import Exporting
import Layers
import Models
import Tensors

/// A model with values with which every path carries signal.
struct Sample {
    let model: any FeatureModel
    let store: ParameterStore<Double>
    let specification: ModelSpecification
    let height: Int
    let width: Int

    init(_ specification: ModelSpecification, height: Int, width: Int) throws {
        self.specification = specification
        self.height = height
        self.width = width
        model = try specification.makeModel(height: height, width: width)
        store = ParameterStore(model.parameters, seed: 3)
        var random = Random(seed: 4, purpose: "values")
        for entry in store.list.entries {
            let fan = max(1, entry.fans.input)
            let (center, spread): (Double, Double) =
                switch entry.role {
                case .gain: (1, 0.2)
                case .layerScale: (0.5, 0.1)
                case .bias: (0, 0.2)
                case .spectrum: (0, 0.7)
                case .weight: (0, 1 / Double(fan).squareRoot())
                }
            let values = Tensor<Double>.normal([entry.shape.elementCount], from: &random).array
            // Exact in single precision, so that files round nothing.
            for (i, value) in values.enumerated() {
                store.flat.pointer[entry.offset + i] = Double(Float(center + spread * value))
            }
        }
        // Cells that are still fixed are no matter of a graph, so a warehouse's stay as they are at the end of a training.
        let statistics = store.list.buffers.filter { !$0.isInteger && !$0.name.hasSuffix("fixed_share") }.map {
            buffer in
            let values = Tensor<Double>.normal(buffer.shape, from: &random).array
            let isVariance = buffer.name.hasSuffix("var") || buffer.name.hasSuffix("temperature")
            return NamedArray(
                name: buffer.name, shape: buffer.shape.dimensions,
                values: values.map { Double(Float(isVariance ? 0.5 + abs($0) : 0.3 * $0)) })
        }
        _ = store.load(statistics)
    }

    /// The state dict in single precision.
    var tensors: [NamedArray<Float>] {
        store.stateDictionary().map {
            NamedArray(name: $0.name, shape: $0.shape, values: $0.values.map { Float($0) }, isInteger: $0.isInteger)
        }
    }

    /// Images [N, C, H, W] and the model's logits for them.
    func results(images count: Int) -> (images: Axes, logits: [Double]) {
        var random = Random(seed: 5, purpose: "images")
        let shape: Shape = [count, specification.inputChannels, height, width]
        let images = Tensor<Double>.normal(shape, from: &random)
        let logits = model(Variable(images.transposed([0, 2, 3, 1])), .evaluation(store)).logits.value.array
        return (Axes(shape.dimensions, images.array), logits)
    }

    func exported(
        metadata: [String: String] = [:], objects: ObjectLimits? = ObjectLimits()
    ) throws -> ONNXReader {
        try ONNXReader(
            Array(
                try ONNXModel(
                    specification, height: height, width: width, tensors: tensors, metadata: metadata, objects: objects
                ).pieces.joined()))
    }
}
