import Layers
import Models
import Tensors

/// A classifier as an ONNX model: input `images` [batch, channels, height, width] of normalised floats, output `logits`
/// [batch, classes], a free batch, ordinary operators of operator set 17 only; global filters are products with real
/// matrices.
public struct ONNXModel: Sendable {
    public static let inputName = "images"
    public static let outputName = "logits"
    /// The version of the operator set.
    public static var operatorSet: Int { ONNXFile.operatorSet }

    public let input: GraphValue
    public let output: GraphValue
    /// How many operators the graph has.
    public let nodeCount: Int
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
    /// - Throws: `ModelError` when the specification makes no model at this image size, `ExportError` when the state
    ///   dict does not fit it or the file would be too large.
    public init(
        _ specification: ModelSpecification, height: Int, width: Int, tensors: [NamedArray<Float>],
        description: String = "", metadata: [String: String] = [:]
    ) throws {
        let specification = try specification.resolved(height: height, width: width)
        input = GraphValue(name: Self.inputName, shape: [specification.inputChannels, height, width])
        output = GraphValue(name: Self.outputName, shape: [specification.classes])
        var builder = GraphBuilder(tensors: tensors)
        let images = FeatureMap(
            name: Self.inputName, height: height, width: width, channels: specification.inputChannels,
            isChannelsFirst: true)
        switch specification {
        case .hornet(let model): try builder.hornet(model, images)
        case .convnext(let model): try builder.convnext(model, images)
        case .resnet(let model): try builder.resnet(model, images)
        case .cvt(let model): try builder.cvt(model, images)
        }
        nodeCount = builder.nodes.count
        pieces = try ONNXFile(
            nodes: builder.nodes, initializers: builder.initializers, input: input, output: output,
            description: description, metadata: metadata
        ).pieces()
    }
}
