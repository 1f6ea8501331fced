import Autograd
import Layers
import Tensors

/// The end of a dense head: dropout of channels and a 1x1 convolution to the classes, `conv_seg` in mmseg's files.
struct PixelClassifier: Sendable {
    static let name = "conv_seg"
    private let dropout: ChannelDropout
    private let linear: Linear

    init(_ scope: Scope, inputs: Int, classes: Int, dropout: Double) {
        self.dropout = ChannelDropout(scope.path + " dropout", rate: dropout)
        linear = Linear(
            scope[Self.name], inputs: inputs, outputs: classes, layout: .pointwise,
            initializer: .normal(deviation: 0.01))
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        linear(dropout(x, context), context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape { try linear.trace(input, trace) }
}

/// Layers that fuse a map and then score its pixels (Long et al., arXiv 1411.4038): an FCN head, and the auxiliary head
/// of others.
struct FullyConvolutional: Sendable {
    private let layers: [any Layer]
    private let classifier: PixelClassifier
    private let path: String

    /// - Parameter shape: `convolutions` layers of `channels` channels, each made by `fusion`.
    init(
        _ scope: Scope, inputs: Int, channels: Int, classes: Int, convolutions: Int = 1, dropout: Double,
        fusion: Fusion = .conv, filter: FilterExtent = FilterExtent()
    ) throws {
        path = scope.path
        layers = try (0..<convolutions).map { index in
            try fusion.layer(
                scope["convs"][index], inputs: index == 0 ? inputs : channels, outputs: channels, normalizes: true,
                filter: filter, initializer: .kaimingNormalFanOut)
        }
        classifier = PixelClassifier(
            scope, inputs: convolutions == 0 ? inputs : channels, classes: classes, dropout: dropout)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        var x = x
        for layer in layers { x = layer(x, context) }
        return classifier(x, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        var shape = input
        for layer in layers { shape = try layer.trace(shape, trace) }
        return try classifier.trace(shape, trace)
    }
}

/// What the dense heads of mmseg and transformers call their parts.
enum DenseNames {
    static let head = "decode_head"
    static let auxiliary = "auxiliary_head"

    /// The parameters of the last layers, whose size is the number of classes.
    static func outputs(auxiliary hasAuxiliary: Bool) -> [String] {
        (hasAuxiliary ? [head, auxiliary] : [head]).flatMap { part in
            ["weight", "bias"].map { "\(part).\(PixelClassifier.name).\($0)" }
        }
    }

    /// Our name, which is mmseg's, for a parameter of a dense head in mmseg's or transformers' spelling.
    static func canonicalName(_ name: String) -> String? {
        var words = name.withoutPrefixes(["module."]).split(separator: ".").map(String.init)
        guard let part = words.first, [head, auxiliary].contains(part) else { return nil }
        for index in words.indices {
            switch words[index] {
            case "batch_norm": words[index] = "bn"
            case "classifier": words[index] = PixelClassifier.name
            default: break
            }
        }
        return words.joined(separator: ".")
    }
}

/// What dense heads have in common, checked; `section` is where a configuration says it.
func checkDenseHead(_ section: String = "head", classes: Int, channels: Int, dropout: Double) throws {
    try checkNumber("classes", classes, in: ModelLimits.classes)
    try checkNumber(section + ".channels", channels, in: ModelLimits.widths)
    guard (0..<1).contains(dropout) else {
        throw ModelError("model.\(section).dropout is \(dropout), expected at least 0 and below 1")
    }
}
