import Autograd
import Configuration
import Layers
import Tensors

/// Everything that decides the head of Semantic FPN (Kirillov et al., arXiv 1901.02446), which reads a pyramid's maps: each
/// level is convolved and doubled in size until it has the finest map's resolution, and the levels are added.
public struct SemanticFPNHeadSpecification: HeadSpecification {
    /// In configurations and files.
    public static let name = "semanticFPN"

    /// How many classes it tells apart.
    public var classes: Int
    /// Of the head's layers.
    public var channels: Int
    /// The share of channels dropped before the last layer.
    public var dropout: Double

    /// 128 channels, unless said otherwise.
    public init(classes: Int, channels: Int = 128, dropout: Double = 0.1) {
        self.classes = classes
        self.channels = channels
        self.dropout = dropout
    }

    /// Reads the head's keys.
    public init(reading reader: ConfigurationReader) {
        self.init(classes: 2)
        channels = reader.int("channels", default: channels, in: ModelLimits.widths, DenseKeys.channels)
        dropout = reader.double("dropout", default: dropout, in: 0...0.99, DenseKeys.dropout)
    }

    /// Reads the head's keys.
    public static func read(_ reader: ConfigurationReader) -> SemanticFPNHeadSpecification? {
        SemanticFPNHeadSpecification(reading: reader)
    }

    /// Those of `decode_head.conv_seg`.
    public var outputParameters: [String] { DenseNames.outputs(auxiliary: false) }

    /// Yes.
    public var usesNormalizedMaps: Bool { true }

    /// By mmsegmentation's names, which are ours.
    public static func canonicalName(_ name: String) -> String? { DenseNames.canonicalName(name) }

    /// Declares and makes the layers.
    public func makeHead(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        try checkDenseHead(classes: classes, channels: channels, dropout: dropout)
        guard let finest = taps.first else { throw ModelError("the semanticFPN head needs a map at least") }
        let scope = scope[DenseNames.head]
        let levels = taps.enumerated().map { level, tap in
            let count = Self.doublings(tap.stride, finest.stride)
            // Odd places are the doublings, as in mmsegmentation's list of layers; the finest level has none.
            return (0..<max(1, count)).map { index in
                ConvolutionBlock(
                    scope["scale_heads"][level][2 * index], convolution: "conv", norm: "bn",
                    inputs: index == 0 ? tap.channels : channels, outputs: channels, kernel: 3, padding: 1,
                    initializer: .kaimingNormalFanOut)
            }
        }
        return SemanticFPNHead(
            classes: classes, levels: levels, doubles: taps.map { $0.stride > finest.stride },
            classifier: PixelClassifier(scope, inputs: channels, classes: classes, dropout: dropout))
    }

    /// How often a level of one stride is doubled on its way to another one, rounded.
    private static func doublings(_ stride: Int, _ finest: Int) -> Int {
        var (count, reached) = (0, finest)
        while 2 * reached <= stride {
            count += 1
            reached *= 2
        }
        return count
    }
}

/// The layers of Semantic FPN's head. The answer is the logits at the finest map's resolution.
package struct SemanticFPNHead: Head {
    package let classes: Int
    let levels: [[ConvolutionBlock]]
    /// Whether a level's map is doubled behind each of its layers.
    let doubles: [Bool]
    let classifier: PixelClassifier

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        var sum: Variable<S>?
        for (level, blocks) in levels.enumerated() {
            var x = features.maps[level]
            for block in blocks {
                x = block(x, context)
                guard doubles[level] else { continue }
                x = LayerPath.$current.withValue(block.path) {
                    x.resized(height: 2 * x.shape[1], width: 2 * x.shape[2], .bilinear(alignCorners: false))
                }
            }
            sum = LayerPath.$current.withValue(DenseNames.head) { sum.map { $0 + x.resized(like: $0) } ?? x }
        }
        guard let sum else { brokenRule("semanticFPN", [], "there must be a map") }
        return [classifier(sum, context)]
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        try trace.enter(DenseNames.head, "Semantic FPN head") {
            var output = maps[0]
            for (level, blocks) in levels.enumerated() {
                try trace.enter("scale_heads.\(level)", "level") {
                    var shape = maps[level]
                    for block in blocks {
                        shape = try block.trace(shape, trace)
                        if doubles[level] { shape = [shape[0], 2 * shape[1], 2 * shape[2], shape.columns] }
                    }
                    if level == 0 { output = shape }
                    return (shape.sized(like: maps[0]), 0)
                }
            }
            return (try classifier.trace(output, trace), 0)
        }
    }
}
