import Autograd
import Tensors

/// Multi-head self-attention of CvT: queries, keys and values each come from a depthwise convolution with batch norm,
/// keys and values with a stride, before their linear projection. A class token goes past the convolutions. Wu et al.,
/// arXiv 2103.15808, section 3.2; scores are divided by sqrt(C) for all heads, as in the official code.
public struct ConvolutionalAttention: Sendable {
    /// One of q, k and v.
    struct Projection: Sendable {
        let convolution: DepthwiseConvolution
        let norm: BatchNorm
        let linear: Linear
    }

    /// Those of queries, keys and values, in this order.
    let projections: [Projection]
    /// Over the joined heads.
    let output: Linear
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// Of the tokens, all heads together.
    let channels: Int
    /// Parts that attend on their own.
    let heads: Int

    /// - Throws: `ModelError` when the channels cannot be divided among the heads.
    public init(
        _ scope: Scope, channels: Int, heads: Int, keyStride: Int = 2,
        initializer: Initializer = .normal(deviation: 0.02)
    ) throws {
        guard heads >= 1, channels % heads == 0 else {
            throw ModelError("\(scope.path): \(channels) channels cannot be divided among \(heads) heads")
        }
        path = scope.path
        self.channels = channels
        self.heads = heads
        let depthwise = [("q", 1), ("k", keyStride), ("v", keyStride)].map { name, stride in
            let part = scope["conv_proj_\(name)"]
            return (
                name: name,
                convolution: DepthwiseConvolution(
                    part["conv"], channels: channels, kernel: 3, stride: stride, bias: false, initializer: .uniformFanIn
                ),
                norm: BatchNorm(part["bn"], channels: channels)
            )
        }
        projections = depthwise.map { part in
            Projection(
                convolution: part.convolution, norm: part.norm,
                linear: Linear(
                    scope["proj_\(part.name)"], inputs: channels, outputs: channels, initializer: initializer))
        }
        output = Linear(scope["proj"], inputs: channels, outputs: channels, initializer: initializer)
    }

    /// - Parameters:
    ///   - map: [N, H, W, C].
    ///   - token: the class token [N, C].
    /// - Returns: all tokens [N, T, C], the class token first.
    public func callAsFunction<S: Scalar>(
        _ map: Variable<S>, token: Variable<S>?, _ context: Context<S>
    ) -> Variable<S> {
        let images = map.shape[0]
        var keyMap = Pair(0)
        let parts = projections.map { part in
            let mixed = part.norm(part.convolution(map, context), context)
            keyMap = Pair(mixed.shape[1], mixed.shape[2])
            let tokens = LayerPath.$current.withValue(path) { mixed.tokens(after: token) }
            let projected = part.linear(tokens, context)
            return LayerPath.$current.withValue(path) {
                projected.reshaped([images, tokens.shape[1], heads, channels / heads]).transposed([0, 2, 1, 3])
            }
        }
        let mixed = LayerPath.$current.withValue(path) {
            let scale = 1 / Double(channels).squareRoot()
            LayerProbe.show(
                path,
                view(
                    parts, scale: scale, map: Pair(map.shape[1], map.shape[2]), keyMap: keyMap, hasToken: token != nil))
            return Variable.attention(parts[0], parts[1], parts[2], scale: scale).transposed([0, 2, 1, 3])
                .reshaped([images, parts[0].shape[2], channels])
        }
        return output(mixed, context)
    }

    private func view<S: Scalar>(
        _ parts: [Variable<S>], scale: Double, map: Pair, keyMap: Pair, hasToken: Bool
    ) -> AttentionView? {
        guard let queries = parts[0].value as? Tensor<Float>, let keys = parts[1].value as? Tensor<Float> else {
            return nil
        }
        return .tokens(
            TokenAttention(
                queries: queries, keys: keys, scale: scale, map: map, keyMap: keyMap,
                keyStride: projections[1].convolution.stride, hasToken: hasToken))
    }

    /// The shape pass for a map [1, H, W, C] with or without a class token.
    public func trace(_ map: Shape, hasToken: Bool, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "attention, \(heads) heads") {
            var counts: [Int] = []
            for part in projections {
                let mixed = try part.norm.trace(try part.convolution.trace(map, trace), trace)
                counts.append(mixed[1] * mixed[2] + (hasToken ? 1 : 0))
                _ = try part.linear.trace([1, counts[counts.count - 1], channels], trace)
            }
            let result = try output.trace([1, counts[0], channels], trace)
            trace.note(scratch: Int.product(heads, counts[0], counts[1]))
            return (result, Int.product(2, counts[0], counts[1], channels))
        }
    }
}

extension Variable {
    /// A map [N, H, W, C] as tokens [N, H W, C], row by row, behind a class token [N, C] where there is one.
    public func tokens(after token: Variable?) -> Variable {
        require(shape.rank == 4, "tokens", [shape], "the input must be [images, height, width, channels]")
        let (images, pixels, channels) = (shape[0], shape[1] * shape[2], shape[3])
        guard let token else { return reshaped([images, pixels, channels]) }
        return Variable.concatenated([token, reshaped([images, pixels * channels])])
            .reshaped([images, pixels + 1, channels])
    }

    /// The inverse of `tokens(after:)`: the map and, with `hasToken`, the class token.
    public func map(height: Int, width: Int, hasToken: Bool) -> (map: Variable, token: Variable?) {
        let (images, channels) = (shape[0], shape.columns)
        require(
            shape.rank == 3 && shape[1] == height * width + (hasToken ? 1 : 0), "map", [shape],
            "there must be one token per pixel of a \(height)x\(width) map\(hasToken ? " and a class token" : "")")
        guard hasToken else { return (reshaped([images, height, width, channels]), nil) }
        let parts = reshaped([images, shape[1] * channels]).split(channels: [channels, height * width * channels])
        return (parts[1].reshaped([images, height, width, channels]), parts[0])
    }
}
