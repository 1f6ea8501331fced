// MixNet: the family's specification, its mixers, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// Stages of blocks that mix space and then channels, each of the two behind a norm and added to its input, as in
/// transformers (Yu et al., arXiv 2111.11418); how space is mixed is the specification's choice.
package struct MixNet: Backbone {
    package let specification: MixNetSpecification

    private struct Stage {
        /// Behind the stem's convolution, or before the one that halves the map.
        let norm: LayerNorm
        let downsample: Convolution
        let blocks: [MixNetBlock]
    }
    private let stages: [Stage]

    init(_ scope: Scope, _ specification: MixNetSpecification) throws {
        self.specification = specification
        let maker = MixNetMaker(scope, specification)
        let total = specification.depths.reduce(0, +)
        var block = 0
        stages = try specification.depths.indices.map { i in
            let channels = specification.widths[i]
            let part = scope["stages"][i]
            let norm: LayerNorm
            let downsample: Convolution
            if i == 0 {
                downsample = Convolution(
                    scope["stem"][0], inputs: specification.inputChannels, outputs: channels, kernel: 3,
                    stride: Pair(specification.stemStride), padding: 1)
                norm = LayerNorm(scope["stem"][1], channels: channels)
            } else {
                let inputs = specification.widths[i - 1]
                norm = LayerNorm(part["downsample"][0], channels: inputs)
                downsample = Convolution(
                    part["downsample"][1], inputs: inputs, outputs: channels, kernel: 2, stride: 2)
            }
            let blocks = try (0..<specification.depths[i]).map { j in
                defer { block += 1 }
                return try MixNetBlock(
                    part["blocks"][j], maker, number: block, stage: i,
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

/// y = x + mixer(norm(x)), then y + MLP(norm(y)).
struct MixNetBlock: Layer {
    let norm: LayerNorm
    let mixer: MixNetMaker.Mixed
    let second: LayerNorm
    let mlp: FeedForward
    /// Behind the mixer, and behind the linear layers.
    let sums: (ResidualSum, ResidualSum)
    let path: String

    init(_ scope: Scope, _ maker: MixNetMaker, number: Int, stage: Int, dropRate: Double) throws {
        path = scope.path
        let channels = maker.specification.widths[stage]
        norm = LayerNorm(scope["norm1"], channels: channels)
        mixer = try maker.make(scope["mixer"], number: number, stage: stage)
        second = LayerNorm(scope["norm2"], channels: channels)
        mlp = FeedForward(scope["mlp"], channels: channels, hidden: maker.specification.expansion * channels)
        sums = (
            ResidualSum(scope.path, stream: scope.path + ".mixer", dropRate: dropRate),
            ResidualSum(scope.path, stream: scope.path + ".mlp", dropRate: dropRate)
        )
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let mixed =
            switch mixer {
            case .layer(let layer): sums.0(x, layer(norm(x, context), context), context)
            case .gated(let layer): sums.0(x, norm: norm, layer, context)
            case .windows(let layer): sums.0(x, layer(x, norm: norm, context), context)
            }
        return sums.1(feedForward: mixed, norm: second, expand: mlp.expand, reduce: mlp.reduce, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "mixnet block") {
            let normed = try norm.trace(input, trace)
            let mixed =
                switch mixer {
                case .layer(let layer): try layer.trace(normed, trace)
                case .gated(let layer): try layer.trace(normed, trace)
                case .windows(let layer): try layer.trace(normed, trace)
                }
            return (try mlp.trace(try second.trace(mixed, trace), trace), 0)
        }
    }
}
