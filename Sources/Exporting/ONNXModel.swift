// Exporting: models as files for other programs.

import Layers
import Models
import Tensors

/// A model as an ONNX graph: input `images` [batch, channels, height, width] of normalised floats, for a classifier the
/// output `logits` [batch, classes], for a dense head `logits` [batch, classes, height, width] at the images' size, for a
/// detector of one stage `boxes` [batch, most, 4] in pixels of the input, `scores` and `labels` [batch, most]; a free batch,
/// ordinary operators of operator set 17 only; global filters are products with real matrices.
public struct ONNXModel: Sendable {
    /// The name of the input.
    public static let inputName = "images"
    /// The name of a classifier's output.
    public static let outputName = "logits"
    /// The version of the operator set.
    public static var operatorSet: Int { ONNXFile.operatorSet }

    /// The name of the input of a graph that prepares images itself.
    public static let imageName = "image"
    /// The name of the output of such a graph.
    public static let probabilityName = "probabilities"

    /// What goes in.
    public let input: GraphValue
    /// What the head says.
    public let outputs: [GraphValue]
    /// How many operators the graph has.
    public let nodeCount: Int
    /// Which layers run in 8-bit integers.
    public let quantized: QuantizedLayers
    /// The file, to be written piece after piece.
    public let pieces: [[UInt8]]

    /// The size of the file.
    public var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }

    /// - Parameters:
    ///   - specification: the model.
    ///   - height: of the images, in pixels; fixed in the file.
    ///   - width: of the images, in pixels; fixed in the file.
    ///   - tensors: the model's state dict, under PyTorch's names and in its order.
    ///   - description: for people, shown by viewers.
    ///   - metadata: texts that are kept in the file.
    ///   - objects: which candidates a detector's graph gives as objects; `nil` for the maps of its head.
    ///   - preparation: how images are brought to the model's input within the graph. It then takes `image`, bytes [batch,
    ///     height, width, channels] of any size, and gives `probabilities` [batch, classes]; for classifiers alone.
    ///   - temperature: what logits are divided by for `probabilities`.
    ///   - weights: the element type that weights are kept in; `.int8` wants `ranges`.
    ///   - ranges: what layers are given and make, for `.int8`; layers that it does not know stay as they are.
    /// - Throws: `ModelError` when the specification makes no model at this image size, `ExportError` when its family, neck
    ///   or head has no graph, the state dict does not fit or the file would be too large.
    public init(
        _ specification: ModelSpecification, height: Int, width: Int, tensors: [NamedArray<Float>],
        description: String = "", metadata: [String: String] = [:], objects: ObjectLimits? = ObjectLimits(),
        preparation: ImagePreparation? = nil, temperature: Double = 1, weights: WeightPrecision = .fp32,
        ranges: ActivationRanges? = nil
    ) throws {
        let specification = try specification.resolved(height: height, width: width)
        if preparation != nil, specification.head != nil {
            throw ExportError(
                "only a classifier's graph prepares images, since answers of others are about places in them")
        }
        input =
            preparation.map { GraphValue(image: Self.imageName, channels: $0.mean.count) }
            ?? GraphValue(name: Self.inputName, shape: [specification.inputChannels, height, width])
        var builder = GraphBuilder(
            tensors: tensors, imageSize: Pair(height, width), objects: objects,
            strides: try specification.headTaps(height: height, width: width).map(\.stride),
            ranges: weights == .int8 ? ranges ?? ActivationRanges() : nil)
        let images =
            preparation.map { builder.prepared($0, from: Self.imageName, height: height, width: width) }
            ?? FeatureMap(
                name: Self.inputName, height: height, width: width, channels: specification.inputChannels,
                isChannelsFirst: true)
        let backbone = specification.backbone
        func graph<Part>(_ part: Any, as type: Part.Type, _ what: String) throws -> Part {
            guard let part = part as? Part else {
                throw ExportError("a model with the \(what) cannot be exported, since it has no graph for ONNX")
            }
            return part
        }
        var features = try graph(
            backbone, as: (any BackboneGraph).self, "backbone \(Swift.type(of: backbone).title)"
        ).graph(&builder, images)
        if specification.normalizesMaps {
            for index in features.maps.indices where builder.optionalTensor("norm\(index).weight") != nil {
                features.maps[index] = try builder.layerNorm(
                    "norm\(index)", features.maps[index], epsilon: backbone.classifier.epsilon)
            }
        }
        if let neck = specification.neck {
            features = try graph(neck, as: (any NeckGraph).self, "neck \(Swift.type(of: neck).name)")
                .graph(&builder, features)
        }
        var outputs: [GraphValue]
        if let head = specification.head {
            outputs = try graph(head, as: (any HeadGraph).self, "head \(Swift.type(of: head).name)")
                .graph(&builder, features)
        } else if let classifier = backbone as? any ClassifierGraph {
            outputs = try classifier.classifierGraph(&builder, features)
        } else {
            outputs = try backbone.classifier.graph(&builder, features, classes: specification.classes)
        }
        if preparation != nil {
            let scaled = builder.node("Div", "scaled_logits", [outputs[0].name, builder.number(temperature)])
            let name = builder.node("Softmax", Self.probabilityName, [scaled], ["axis": .integer(-1)])
            outputs = [GraphValue(name: name, shape: outputs[0].shape)]
        }
        if weights == .fp16 { builder.halveWeights() }
        quantized = builder.quantize(outputs: Set(outputs.map(\.name)))
        self.outputs = outputs
        nodeCount = builder.nodes.count
        pieces = try ONNXFile(
            nodes: builder.nodes, initializers: builder.initializers, input: input, outputs: outputs,
            description: description, metadata: metadata
        ).pieces()
    }
}
