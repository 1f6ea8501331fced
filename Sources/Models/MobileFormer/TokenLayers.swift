import Autograd
import Layers
import Tensors

/// From the map to the tokens: each token gathers from all positions what its query looks for; keys and values are the
/// pixels as they are. What is gathered is weighted per channel by a function of the token. Arxiv 2108.05895, Eq. 1.
struct MapToTokens: Sendable {
    let path: String
    private let gate: Linear
    private let query: Linear
    private let projection: Linear
    private let norm: LayerNorm
    private let sum: ResidualSum
    private let channels: Int

    init(_ scope: Scope, channels: Int, tokens: MobileFormerSpecification.Tokens, dropRate: Double) {
        path = scope.path
        self.channels = channels
        gate = .small(scope["alpha"][0], inputs: tokens.width, outputs: channels)
        query = .small(scope["q"], inputs: tokens.width, outputs: channels)
        projection = .small(scope["proj"], inputs: channels, outputs: tokens.width)
        norm = LayerNorm(scope["layer_norm"], channels: tokens.width, epsilon: MobileFormerSpecification.epsilon)
        sum = ResidualSum(scope.path, dropRate: dropRate)
    }

    /// The new tokens [N, M, d] for a map [N, H, W, C] and tokens.
    func callAsFunction<S: Scalar>(
        _ map: Variable<S>, _ tokens: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        let (query, gate) = (query(tokens, context), gate(tokens, context))
        let gathered = LayerPath.$current.withValue(path) {
            let pixels = map.reshaped([map.shape[0], map.shape[1] * map.shape[2], map.shape[3]])
            let mixed = Variable.attention(query, pixels, heads: MobileFormerSpecification.heads.bridge)
            return mixed * gate.hardSigmoid().scaled(by: 2)
        }
        return norm(sum(tokens, projection(gathered, context), context), context)
    }

    func trace(_ map: Shape, _ tokens: Shape, _ trace: ModelTrace) throws {
        try trace.enter(ModelTrace.name(of: path), "from the map to the tokens") {
            _ = try gate.trace(tokens, trace)
            _ = try query.trace(tokens, trace)
            _ = try projection.trace([1, tokens[1], channels], trace)
            trace.note(scratch: Int.product(tokens[1], map[1], map[2]))
            return (try norm.trace(tokens, trace), Int.product(2, map[1], map[2], tokens[1], channels))
        }
    }
}

/// Attention among the tokens and an MLP, both followed by a norm. Keys and values are the tokens as they are.
struct TokenBlock: Sendable {
    let path: String
    private let query: Linear
    private let projection: Linear
    private let norm: LayerNorm
    private let widen: Linear
    private let narrow: Linear
    private let lastNorm: LayerNorm
    private let sums: [ResidualSum]

    init(_ scope: Scope, tokens: MobileFormerSpecification.Tokens, dropRate: Double) {
        path = scope.path
        let (width, epsilon) = (tokens.width, MobileFormerSpecification.epsilon)
        query = .small(scope["q"], inputs: width, outputs: width)
        projection = .small(scope["channel_mlp"], inputs: width, outputs: width)
        norm = LayerNorm(scope["layer_norm"], channels: width, epsilon: epsilon)
        widen = .small(scope["ffn"][0], inputs: width, outputs: 2 * width)
        narrow = .small(scope["ffn"][2], inputs: 2 * width, outputs: width)
        lastNorm = LayerNorm(scope["ffn_norm"], channels: width, epsilon: epsilon)
        sums = ["", ".ffn"].map { ResidualSum(scope.path + $0, dropRate: $0.isEmpty ? dropRate : 0) }
    }

    func callAsFunction<S: Scalar>(_ tokens: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let query = query(tokens, context)
        let mixed = LayerPath.$current.withValue(path) {
            Variable.attention(query, tokens, heads: MobileFormerSpecification.heads.tokens)
        }
        let x = norm(sums[0](tokens, projection(mixed, context), context), context)
        return lastNorm(sums[1](x, narrow(gelu: widen(x, context), context), context), context)
    }

    func trace(_ tokens: Shape, _ trace: ModelTrace) throws {
        try trace.enter(ModelTrace.name(of: path), "transformer of the tokens") {
            _ = try norm.trace(try projection.trace(try query.trace(tokens, trace), trace), trace)
            let shape = try narrow.trace(try widen.trace(tokens, trace), trace)
            return (try lastNorm.trace(shape, trace), Int.product(2, tokens[1], tokens[1], tokens[2]))
        }
    }
}

/// From the tokens back to the map: each pixel, as it is, looks for what tokens have. Arxiv 2108.05895, Eq. 2.
struct TokensToMap: Sendable {
    let path: String
    private let key: Linear
    private let value: Linear
    private let sum: ResidualSum
    private let channels: Int

    init(_ scope: Scope, channels: Int, tokens: MobileFormerSpecification.Tokens, dropRate: Double) {
        path = scope.path
        self.channels = channels
        key = .small(scope["k"], inputs: tokens.width, outputs: channels)
        value = .small(scope["proj"], inputs: tokens.width, outputs: channels)
        sum = ResidualSum(scope.path, dropRate: dropRate)
    }

    /// The map [N, H, W, C] with what the tokens have for it added.
    func callAsFunction<S: Scalar>(
        _ map: Variable<S>, _ tokens: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        let (keys, values) = (key(tokens, context), value(tokens, context))
        let mixed = LayerPath.$current.withValue(path) {
            let pixels = map.reshaped([map.shape[0], map.shape[1] * map.shape[2], map.shape[3]])
            return Variable.attention(pixels, keys, values, heads: MobileFormerSpecification.heads.bridge)
                .reshaped(map.shape)
        }
        return sum(map, mixed, context)
    }

    func trace(_ map: Shape, _ tokens: Shape, _ trace: ModelTrace) throws {
        try trace.enter(ModelTrace.name(of: path), "from the tokens to the map") {
            _ = try key.trace(tokens, trace)
            _ = try value.trace(tokens, trace)
            trace.note(scratch: Int.product(tokens[1], map[1], map[2]))
            return (map, Int.product(2, map[1], map[2], tokens[1], channels))
        }
    }
}

/// max(a x, b x) for each channel, the slopes made of the first token by two linear layers; it is relu where both of them
/// give 0. Chen et al., arXiv 2003.10027.
struct TokenRelu: Sendable {
    let path: String
    private let first: Linear
    private let second: Linear
    private let width: Int

    init(_ scope: Scope, channels: Int, tokens: MobileFormerSpecification.Tokens) {
        path = scope.path
        width = tokens.width
        let part = scope["hyper"]
        first = .small(part[0], inputs: width, outputs: width / 4)
        second = .small(part[2], inputs: width / 4, outputs: 2 * channels)
    }

    func callAsFunction<S: Scalar>(
        _ x: Variable<S>, token: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        let hidden = first(token, context)
        let scores = second(LayerPath.$current.withValue(path) { hidden.relu() }, context)
        return LayerPath.$current.withValue(path) {
            // a = 2 s for the first half of the scores and b = 2 s - 1 for the second.
            let channels = x.shape.columns
            let offset = Tensor<S>([2 * channels]) { offset in
                for c in 0..<2 * channels { offset[c] = c < channels ? 0 : -1 }
            }
            return x.dynamicRelu(scores.hardSigmoid().scaled(by: 2) + Variable(offset))
        }
    }

    func trace(_ trace: ModelTrace) throws {
        try trace.enter(ModelTrace.name(of: path), "slopes") {
            (try second.trace(try first.trace([1, width], trace), trace), 0)
        }
    }
}

extension Linear {
    /// With the small first weights of Mobile-Former's linear layers.
    fileprivate static func small(_ scope: Scope, inputs: Int, outputs: Int) -> Linear {
        Linear(scope, inputs: inputs, outputs: outputs, initializer: .normal(deviation: 0.01))
    }
}
