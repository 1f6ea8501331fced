import Autograd
import Layers
import Tensors

/// ConvNeXt (Liu et al., arXiv 2201.03545) as a classifier; parameter names and shapes are timm's.
public struct ConvNeXt: FeatureModel {
    public let specification: ConvNeXtSpecification
    public let parameters: ParameterList
    public var classes: Int { specification.classes }

    private struct Stage {
        /// In the first stage the stem, which is normalised after its convolution; otherwise before.
        let norm: LayerNorm
        let downsample: Convolution
        let blocks: [ConvNeXtBlock]
    }
    private let stages: [Stage]
    private let norm: LayerNorm
    private let head: Linear

    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public init(_ specification: ConvNeXtSpecification, height: Int, width: Int) throws {
        let specification = try specification.resolved(height: height, width: width)
        self.specification = specification
        let scope = Scope()
        let total = specification.depths.reduce(0, +)
        var block = 0
        stages = specification.depths.indices.map { i in
            let channels = specification.widths[i]
            let part = scope["stages"][i]
            let norm: LayerNorm
            let downsample: Convolution
            if i == 0 {
                let stride = Pair(specification.stemStride)
                downsample = Convolution(
                    scope["stem"][0], specification.inputChannels, channels, kernel: stride, stride: stride)
                norm = LayerNorm(scope["stem"][1], channels)
            } else {
                norm = LayerNorm(part["downsample"][0], specification.widths[i - 1])
                downsample = Convolution(
                    part["downsample"][1], specification.widths[i - 1], channels, kernel: 2, stride: 2)
            }
            let blocks = (0..<specification.depths[i]).map { j in
                defer { block += 1 }
                return ConvNeXtBlock(
                    part["blocks"][j], channels, layerScale: specification.layerScale,
                    dropRate: total > 1 ? specification.dropPath * Double(block) / Double(total - 1) : 0)
            }
            return Stage(norm: norm, downsample: downsample, blocks: blocks)
        }
        let last = specification.widths[specification.widths.count - 1]
        norm = LayerNorm(scope["head"]["norm"], last)
        head = Linear(scope["head"]["fc"], last, specification.classes)
        parameters = try scope.list.checked()
    }

    public func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        var x = images
        var features: [Variable<S>] = []
        for (i, stage) in stages.enumerated() {
            x =
                i == 0
                ? stage.norm(stage.downsample(x, context), context) : stage.downsample(stage.norm(x, context), context)
            for block in stage.blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            features.append(x)
        }
        return ModelOutput(logits: head(norm(x.globalAveragePooled(), context), context), features: features)
    }

    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try specification.maps(height: height, width: width).enumerated().map { stage, map in
            FeatureTap(
                name: "stage\(stage)", stride: specification.stemStride << stage,
                channels: specification.widths[stage], height: map.height, width: map.width)
        }
    }

    public func trace(height: Int, width: Int) throws -> ModelTrace.Node {
        _ = try specification.maps(height: height, width: width)
        let trace = ModelTrace(model: "ConvNeXt")
        var shape: Shape = [1, height, width, specification.inputChannels]
        for (i, stage) in stages.enumerated() {
            try trace.enter("stages.\(i)", "stage") {
                shape =
                    i == 0
                    ? try stage.norm.trace(try stage.downsample.trace(shape, trace), trace)
                    : try stage.downsample.trace(try stage.norm.trace(shape, trace), trace)
                for block in stage.blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
        let pooled = trace.enter("pool", "global average pool") { ([1, shape.columns], 0) }
        _ = try head.trace(try norm.trace(pooled, trace), trace)
        return trace.root
    }
}

/// x + gamma MLP(norm(depthwise 7x7(x))).
struct ConvNeXtBlock: Layer {
    let gamma: Parameter?
    let depthwise: DepthwiseConvolution
    let norm: LayerNorm
    let mlp: FeedForward
    let sum: ResidualSum
    let path: String

    init(_ scope: Scope, _ channels: Int, layerScale: Double, dropRate: Double) {
        path = scope.path
        gamma =
            layerScale > 0
            ? scope.parameter("gamma", [channels], role: .layerScale, initializer: .constant(layerScale)) : nil
        depthwise = DepthwiseConvolution(scope["conv_dw"], channels, kernel: 7)
        norm = LayerNorm(scope["norm"], channels)
        mlp = FeedForward(scope["mlp"], channels, hidden: 4 * channels)
        sum = ResidualSum(scope.path, gamma: gamma, dropRate: dropRate)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        sum(
            base: x, feedForward: depthwise(x, context), norm: norm, expand: mlp.expand, reduce: mlp.reduce, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(lastPart(path), "ConvNeXt block", parameters: gamma.map { [$0] } ?? []) {
            (try mlp.trace(try norm.trace(try depthwise.trace(input, trace), trace), trace), 0)
        }
    }
}

/// The last part of a dotted path.
func lastPart(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }
