import Autograd
import Layers
import Tensors

/// CvT, the convolutional vision transformer (Wu et al., arXiv 2103.15808), as a classifier; parameter names and shapes
/// are those of the official PyTorch code. Its taps are the stages' tokens as maps, without the class token.
public struct CvT: FeatureModel {
    public let specification: CvTSpecification
    public let parameters: ParameterList
    public var classes: Int { specification.classes }

    private struct Stage {
        let token: Parameter?
        let embedding: Convolution
        let norm: LayerNorm
        let blocks: [CvTBlock]
    }
    private let stages: [Stage]
    private let norm: LayerNorm
    private let head: Linear

    /// Of all layer norms.
    package static let epsilon = 1e-5

    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public init(_ specification: CvTSpecification, height: Int, width: Int) throws {
        let specification = try specification.resolved(height: height, width: width)
        self.specification = specification
        let scope = Scope()
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
                embed["proj"], inputs, channels, kernel: Pair(kernel), stride: Pair(specification.embedStrides[i]),
                padding: Pair(specification.padding(i)), initializer: .uniformFanIn,
                biasInitializer: .uniform(bound: bound))
            let norm = LayerNorm(embed["norm"], channels, epsilon: CvT.epsilon)
            let depth = specification.depths[i]
            let blocks = try (0..<depth).map { j in
                try CvTBlock(
                    part["blocks"][j], channels, heads: specification.heads[i], keyStride: specification.keyStride,
                    activation: specification.activation == .gelu ? .gelu : .quickGELU,
                    dropRate: isLast && depth > 1 ? specification.dropPath * Double(j) / Double(depth - 1) : 0)
            }
            return Stage(token: token, embedding: embedding, norm: norm, blocks: blocks)
        }
        let last = specification.widths[count - 1]
        norm = LayerNorm(scope["norm"], last, epsilon: CvT.epsilon)
        head = Linear(scope["head"], last, specification.classes)
        parameters = try scope.list.checked()
    }

    public func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        var map = images
        var token: Variable<S>?
        var features: [Variable<S>] = []
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
            features.append(map)
        }
        let pooled = token.map { norm($0, context) } ?? norm(map, context).globalAveragePooled()
        return ModelOutput(logits: head(pooled, context), features: features)
    }

    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        try specification.maps(height: height, width: width).enumerated().map { stage, map in
            FeatureTap(
                name: "stage\(stage)", stride: specification.stride(stage), channels: specification.widths[stage],
                height: map.height, width: map.width)
        }
    }

    public func trace(height: Int, width: Int) throws -> ModelTrace.Node {
        _ = try specification.maps(height: height, width: width)
        let trace = ModelTrace(model: "CvT")
        var shape: Shape = [1, height, width, specification.inputChannels]
        for (i, stage) in stages.enumerated() {
            try trace.enter("stage\(i)", "stage", parameters: stage.token.map { [$0] } ?? []) {
                shape = try stage.norm.trace(try stage.embedding.trace(shape, trace), trace)
                for block in stage.blocks { try block.trace(shape, hasToken: stage.token != nil, trace) }
                return (shape, 0)
            }
        }
        _ = try head.trace(try norm.trace([1, shape.columns], trace), trace)
        return trace.root
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
        _ scope: Scope, _ channels: Int, heads: Int, keyStride: Int, activation: ElementwiseFunction, dropRate: Double
    ) throws {
        path = scope.path
        norm1 = LayerNorm(scope["norm1"], channels, epsilon: CvT.epsilon)
        attention = try ConvolutionalAttention(scope["attn"], channels, heads: heads, keyStride: keyStride)
        norm2 = LayerNorm(scope["norm2"], channels, epsilon: CvT.epsilon)
        mlp = FeedForward(scope["mlp"], channels, hidden: 4 * channels, activation: activation)
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
        try trace.enter(lastPart(path), "CvT block") {
            _ = try norm1.trace(tokens, trace)
            _ = try attention.trace(map, hasToken: hasToken, trace)
            return (try mlp.trace(try norm2.trace(tokens, trace), trace), 0)
        }
    }
}
