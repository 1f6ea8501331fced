// Swin: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// Swin, the transformer of shifted windows (Liu et al., arXiv 2103.14030); parameter names and shapes are timm's.
package struct Swin: Backbone {
    package let specification: SwinSpecification

    private struct Stage {
        let merge: PatchMerging?
        let blocks: [SwinBlock]
    }
    private let embedding: Convolution
    private let norm: LayerNorm
    private let stages: [Stage]

    init(_ scope: Scope, _ specification: SwinSpecification) throws {
        self.specification = specification
        let side = specification.stemStride
        let bound = 1 / Double(specification.inputChannels * side * side).squareRoot()
        embedding = Convolution(
            scope["patch_embed"]["proj"], inputs: specification.inputChannels, outputs: specification.baseWidth,
            kernel: Pair(side), stride: Pair(side), initializer: .uniformFanIn,
            biasInitializer: .uniform(bound: bound))
        norm = LayerNorm(
            scope["patch_embed"]["norm"], channels: specification.baseWidth, epsilon: SwinSpecification.epsilon)
        let total = specification.depths.reduce(0, +)
        var number = 0
        stages = try specification.depths.enumerated().map { stage, depth in
            let part = scope["layers"][stage]
            let merge = stage == 0 ? nil : PatchMerging(part["downsample"], inputs: specification.width(stage - 1))
            let blocks = try (0..<depth).map { index in
                defer { number += 1 }
                return try SwinBlock(
                    part["blocks"][index], channels: specification.width(stage), heads: specification.heads[stage],
                    window: specification.windowSize(stage), shift: specification.shift(block: index),
                    dropRate: dropRate(specification.dropPath, block: number, of: total))
            }
            return Stage(merge: merge, blocks: blocks)
        }
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        let side = specification.stemStride
        let whole = LayerPath.$current.withValue(embedding.path) { images.filled(toMultiplesOf: side) }
        var x = norm(embedding(whole, context), context)
        let maps = stages.map { stage in
            if let merge = stage.merge { x = merge(x, context) }
            for block in stage.blocks { x = context.checkpointed(x, at: block.path) { block($0, $1) } }
            return x
        }
        return Features(maps: maps)
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        let side = specification.stemStride
        var shape: Shape = [image[0], multiple(image[1], of: side), multiple(image[2], of: side), image[3]]
        shape = try trace.enter("patch_embed", "patches of \(side)x\(side)") {
            (try norm.trace(try embedding.trace(shape, trace), trace), 0)
        }
        return try stages.enumerated().map { index, stage in
            try trace.enter("layers.\(index)", "stage") {
                shape = try stage.merge?.trace(shape, trace) ?? shape
                for block in stage.blocks { shape = try block.trace(shape, trace) }
                return (shape, 0)
            }
        }
    }
}

/// x + attention(norm(x)) within windows, then y + MLP(norm(y)), both with dropped paths.
struct SwinBlock: Layer {
    let norm1: LayerNorm
    let attention: WindowAttention
    let norm2: LayerNorm
    let mlp: FeedForward
    let sums: [ResidualSum]
    let path: String

    init(
        _ scope: Scope, channels: Int, heads: Int, window: Pair, shift: WindowAttention.Shift, dropRate: Double
    ) throws {
        path = scope.path
        norm1 = LayerNorm(scope["norm1"], channels: channels, epsilon: SwinSpecification.epsilon)
        attention = try WindowAttention(
            scope["attn"], channels: channels, heads: heads, window: window, shift: shift)
        norm2 = LayerNorm(scope["norm2"], channels: channels, epsilon: SwinSpecification.epsilon)
        mlp = FeedForward(scope["mlp"], channels: channels, hidden: 4 * channels)
        sums = [attention.path, mlp.path].map { ResidualSum($0, dropRate: dropRate) }
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let y = sums[0](x, attention(x, norm: norm1, context), context)
        return sums[1](feedForward: y, norm: norm2, expand: mlp.expand, reduce: mlp.reduce, context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "Swin block") {
            let mixed = try attention.trace(try norm1.trace(input, trace), trace)
            return (try mlp.trace(try norm2.trace(mixed, trace), trace), 0)
        }
    }
}

/// The four pixels of each cell beside each other, normalised and brought to half as many channels. A map of odd size is
/// extended by a row or a column of zeros.
struct PatchMerging: Layer {
    let norm: LayerNorm
    let reduction: Linear
    let path: String

    init(_ scope: Scope, inputs: Int) {
        path = scope.path
        norm = LayerNorm(scope["norm"], channels: 4 * inputs, epsilon: SwinSpecification.epsilon)
        reduction = Linear(scope["reduction"], inputs: 4 * inputs, outputs: 2 * inputs, bias: false)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let cells = LayerPath.$current.withValue(path) {
            x.filled(toMultiplesOf: 2).spaceToDepth(2, .positionMajor)
        }
        return reduction(norm(cells, context), context)
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let cells: Shape = [input[0], (input[1] + 1) / 2, (input[2] + 1) / 2, 4 * input[3]]
        return try trace.enter(ModelTrace.name(of: path), "patch merging") {
            (try reduction.trace(try norm.trace(cells, trace), trace), 0)
        }
    }
}

/// An extent rounded up.
private func multiple(_ extent: Int, of step: Int) -> Int { (extent + step - 1) / step * step }

extension Variable {
    /// The map with zeros below and to the right until both sides are multiples of a number.
    fileprivate func filled(toMultiplesOf step: Int) -> Variable {
        padded(below: multiple(shape[1], of: step) - shape[1], right: multiple(shape[2], of: step) - shape[2])
    }
}
