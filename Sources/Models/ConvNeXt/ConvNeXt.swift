// ConvNeXt: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// ConvNeXt (Liu et al., arXiv 2201.03545); parameter names and shapes are timm's.
package struct ConvNeXt: Backbone {
    package let specification: ConvNeXtSpecification

    private struct Stage {
        /// In the first stage the stem, which is normalised after its convolution; otherwise before.
        let norm: LayerNorm
        let downsample: Convolution
        let blocks: [ConvNeXtBlock]
    }
    private let stages: [Stage]

    init(_ scope: Scope, _ specification: ConvNeXtSpecification) {
        self.specification = specification
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
                    scope["stem"][0], inputs: specification.inputChannels, outputs: channels, kernel: stride,
                    stride: stride)
                norm = LayerNorm(scope["stem"][1], channels: channels)
            } else {
                let inputs = specification.widths[i - 1]
                norm = LayerNorm(part["downsample"][0], channels: inputs)
                downsample = Convolution(
                    part["downsample"][1], inputs: inputs, outputs: channels, kernel: 2, stride: 2)
            }
            let blocks = (0..<specification.depths[i]).map { j in
                defer { block += 1 }
                return ConvNeXtBlock(
                    part["blocks"][j], channels: channels, layerScale: specification.layerScale,
                    dropRate: dropRate(specification.dropPath, block: block, of: total))
            }
            return Stage(norm: norm, downsample: downsample, blocks: blocks)
        }
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var x = images
        var maps: [Variable<S>] = []
        for (i, stage) in stages.enumerated() {
            x =
                i == 0
                ? stage.norm(stage.downsample(x, context), context) : stage.downsample(stage.norm(x, context), context)
            for block in stage.blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            maps.append(x)
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = image
        return try stages.enumerated().map { i, stage in
            try trace.enter("stages.\(i)", "stage") {
                shape =
                    i == 0
                    ? try stage.norm.trace(try stage.downsample.trace(shape, trace), trace)
                    : try stage.downsample.trace(try stage.norm.trace(shape, trace), trace)
                for block in stage.blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
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

    init(_ scope: Scope, channels: Int, layerScale: Double, dropRate: Double) {
        path = scope.path
        gamma =
            layerScale > 0
            ? scope.parameter("gamma", [channels], role: .layerScale, initializer: .constant(layerScale)) : nil
        depthwise = DepthwiseConvolution(scope["conv_dw"], channels: channels, kernel: 7, ownsInput: true)
        norm = LayerNorm(scope["norm"], channels: channels)
        mlp = FeedForward(scope["mlp"], channels: channels, hidden: 4 * channels)
        sum = ResidualSum(scope.path, gamma: gamma, dropRate: dropRate)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        sum(
            base: x, feedForward: depthwise(x, context), norm: norm, expand: mlp.expand, reduce: mlp.reduce, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "ConvNeXt block", parameters: gamma.map { [$0] } ?? []) {
            (try mlp.trace(try norm.trace(try depthwise.trace(input, trace), trace), trace), 0)
        }
    }
}
