// CvT: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// CvT, the convolutional vision transformer (Wu et al., arXiv 2103.15808); parameter names and shapes are those of the
/// official PyTorch code. Its taps are the stages' tokens as maps, without the class token.
package struct CvT: Backbone {
    package let specification: CvTSpecification

    private struct Stage {
        let token: Parameter?
        let embedding: Convolution
        let norm: LayerNorm
        let blocks: [CvTBlock]
    }
    private let stages: [Stage]

    init(_ scope: Scope, _ specification: CvTSpecification) throws {
        self.specification = specification
        let count = specification.depths.count
        stages = try specification.depths.indices.map { i in
            let part = scope["stage\(i)"]
            let channels = specification.widths[i]
            let isLast = i == count - 1
            let inputs = i == 0 ? specification.inputChannels : specification.widths[i - 1]
            let kernel = specification.embedKernels[i]
            let bound = 1 / Double(inputs * kernel * kernel).squareRoot()
            let token =
                isLast && specification.classToken
                ? part.parameter("cls_token", [1, 1, channels], role: .weight, initializer: .normal(deviation: 0.02))
                : nil
            let embed = part["patch_embed"]
            let embedding = Convolution(
                embed["proj"], inputs: inputs, outputs: channels, kernel: Pair(kernel),
                stride: Pair(specification.embedStrides[i]), padding: Pair(specification.padding(i)),
                initializer: .uniformFanIn, biasInitializer: .uniform(bound: bound))
            let norm = LayerNorm(embed["norm"], channels: channels, epsilon: CvTSpecification.epsilon)
            let depth = specification.depths[i]
            let blocks = try (0..<depth).map { j in
                try CvTBlock(
                    part["blocks"][j], channels: channels, heads: specification.heads[i],
                    keyStride: specification.keyStride,
                    activation: specification.activation == .gelu ? .gelu : .quickGELU,
                    dropRate: isLast ? dropRate(specification.dropPath, block: j, of: depth) : 0)
            }
            return Stage(token: token, embedding: embedding, norm: norm, blocks: blocks)
        }
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        var map = images
        var token: Variable<S>?
        var maps: [Variable<S>] = []
        for (i, stage) in stages.enumerated() {
            map = stage.norm(stage.embedding(map, context), context)
            let (height, width, channels) = (map.shape[1], map.shape[2], map.shape[3])
            var tokens = LayerPath.$current.withValue("stage\(i)") {
                let copies = stage.token.map { parameter in
                    Variable<S>(Tensor([images.shape[0], channels], repeating: 0))
                        + context[parameter].reshaped([1, channels])
                }
                return map.tokens(after: copies)
            }
            for block in stage.blocks {
                tokens = context.checkpointed(tokens, at: block.path) {
                    block($0, height: height, width: width, hasToken: stage.token != nil, $1)
                }
            }
            (map, token) = LayerPath.$current.withValue("stage\(i)") {
                tokens.map(height: height, width: width, hasToken: stage.token != nil)
            }
            maps.append(map)
        }
        return Features(maps: maps, token: token)
    }

    /// The norm before the last attention: behind it only the class token reaches the answer.
    package var tokenLayer: String? {
        specification.classToken ? stages.last?.blocks.last?.norm1.path : nil
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        var shape = image
        return try stages.enumerated().map { i, stage in
            try trace.enter("stage\(i)", "stage", parameters: stage.token.map { [$0] } ?? []) {
                shape = try stage.norm.trace(try stage.embedding.trace(shape, trace), trace)
                for block in stage.blocks { try block.trace(shape, hasToken: stage.token != nil, trace) }
                return (shape, 0)
            }
        }
    }
}

/// x + attention(norm(x)), then y + MLP(norm(y)) on tokens [N, T, C], both with dropped paths.
struct CvTBlock: Sendable {
    let norm1: LayerNorm
    let attention: ConvolutionalAttention
    let norm2: LayerNorm
    let mlp: FeedForward
    let sums: [ResidualSum]
    let path: String

    init(
        _ scope: Scope, channels: Int, heads: Int, keyStride: Int, activation: ElementwiseFunction, dropRate: Double
    ) throws {
        path = scope.path
        norm1 = LayerNorm(scope["norm1"], channels: channels, epsilon: CvTSpecification.epsilon)
        attention = try ConvolutionalAttention(scope["attn"], channels: channels, heads: heads, keyStride: keyStride)
        norm2 = LayerNorm(scope["norm2"], channels: channels, epsilon: CvTSpecification.epsilon)
        mlp = FeedForward(scope["mlp"], channels: channels, hidden: 4 * channels, activation: activation)
        sums = [attention.path, mlp.path].map { ResidualSum($0, dropRate: dropRate) }
    }

    func callAsFunction<S: Scalar>(
        _ x: Variable<S>, height: Int, width: Int, hasToken: Bool, _ context: Context<S>
    ) -> Variable<S> {
        let normed = norm1(x, context)
        let (map, token) = LayerPath.$current.withValue(path) {
            normed.map(height: height, width: width, hasToken: hasToken)
        }
        let y = sums[0](x, attention(map, token: token, context), context)
        return sums[1](
            feedForward: y, norm: norm2, expand: mlp.expand, reduce: mlp.reduce, activation: mlp.activation, context)
    }

    func trace(_ map: Shape, hasToken: Bool, _ trace: ModelTrace) throws {
        let tokens: Shape = [1, map[1] * map[2] + (hasToken ? 1 : 0), map[3]]
        try trace.enter(ModelTrace.name(of: path), "CvT block") {
            _ = try norm1.trace(tokens, trace)
            _ = try attention.trace(map, hasToken: hasToken, trace)
            return (try mlp.trace(try norm2.trace(tokens, trace), trace), 0)
        }
    }
}
