import Models
import Tensors

/// A backbone whose classifiers end in a head of their own rather than in the form that `ClassificationHead` has.
protocol ClassifierGraph {
    /// Mirrors the head that `makeClassifier` makes; the logits come out as `ONNXModel.outputName`.
    func classifierGraph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue]
}

extension MobileFormerSpecification: BackboneGraph, ClassifierGraph {
    /// Mirrors `MobileFormer`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        let stem = try builder.convolution("stem.0", images, stride: stemStride, padding: 1)
        var map = try builder.batchNorm("stem.1", stem)
        map.name = builder.relu6("stem", map.name)
        map = try builder.liteBottleneck("features.0", map, self)
        var tokens = try builder.tokens(self)
        var rows = [map]
        for row in widths.indices.dropFirst() {
            (map, tokens) = try builder.mobileFormerBlock("features.\(row)", map, tokens, self, row: row)
            rows.append(map)
        }
        return GraphFeatures(maps: tapRows.map { rows[$0] }, token: tokens)
    }

    /// Mirrors `MobileFormerHead`; the class token is the tokens [N, M, d].
    func classifierGraph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        guard let map = features.maps.last, let last = features.token else {
            throw ExportError("the graph has no map and no tokens that the head could take")
        }
        let tokens = try builder.mapToTokens("local_global", map, last, self)
        let shuffled = builder.shuffled("classifier", map, groups: groups)
        var wide = try builder.batchNorm("classifier.conv.2", try builder.convolution("classifier.conv.1", shuffled))
        wide.name = builder.relu6("classifier", wide.name)
        let pooled = builder.hardSwish("classifier.pooled", builder.averagePooled("features", wide))
        let joined = builder.concatenated(
            "classifier.joined", [pooled, builder.firstToken("classifier", tokens, self.tokens)], axis: 1)
        let embedded = try builder.linear("classifier.fc.0", joined)
        // Batch norm over vectors: maps of one pixel.
        let pixel = FeatureMap(
            name: builder.reshaped("classifier.pixel", embedded, [ending.width, 1, 1]), height: 1, width: 1,
            channels: ending.width, isChannelsFirst: true)
        let normed = builder.reshaped(
            "classifier.normed", try builder.batchNorm("classifier.fc.1", pixel).name, [ending.width])
        _ = try builder.linear(
            "classifier.classifier.1", builder.hardSwish("classifier.embedding", normed), output: ONNXModel.outputName)
        return [GraphValue(name: ONNXModel.outputName, shape: [classes])]
    }
}

extension GraphBuilder {
    /// min(max(x, 0), 6).
    fileprivate mutating func relu6(_ path: String, _ x: String) -> String {
        node("Clip", path + ".relu6", [x, number(0), number(6)])
    }

    /// min(max(x + 3, 0), 6) / 6.
    fileprivate mutating func hardSigmoid(_ path: String, _ x: String) -> String {
        let moved = node("Add", path + ".hard_sigmoid.moved", [x, number(3)])
        let cut = node("Clip", path + ".hard_sigmoid.cut", [moved, number(0), number(6)])
        return node("Mul", path + ".hard_sigmoid", [cut, number(1.0 / 6)])
    }

    fileprivate mutating func hardSwish(_ path: String, _ x: String) -> String {
        node("Mul", path + ".hard_swish", [x, hardSigmoid(path, x)])
    }

    /// The learned tokens, once per image: [N, M, d].
    fileprivate mutating func tokens(_ model: MobileFormerSpecification) throws -> String {
        let (count, width) = (model.tokens.count, model.tokens.width)
        let shape = concatenated("tokens.shape", [batchSize(), sizes([count, width])], axis: 0)
        return node("Expand", "tokens", [try parameter("tokens.weight", rank: 2), shape])
    }

    /// Of tokens [N, M, d] the first, [N, d].
    fileprivate mutating func firstToken(
        _ path: String, _ tokens: String, _ sizes: MobileFormerSpecification.Tokens
    ) -> String {
        let first = split(path + ".tokens", tokens, [1, sizes.count - 1].filter { $0 > 0 }, axis: 1)[0]
        return reshaped(path + ".first_token", first, [sizes.width])
    }

    /// Mirrors `Variable.shuffled`.
    fileprivate mutating func shuffled(_ path: String, _ map: FeatureMap, groups: Int) -> FeatureMap {
        if groups == 1 { return map }
        let map = channelsFirst(map)
        let parts = reshaped(
            path + ".groups", map.name, [groups, map.channels / groups, map.height * map.width])
        let turned = transposed(path + ".turned", parts, [0, 2, 1, 3])
        return map.renamed(reshaped(path + ".shuffled", turned, [map.channels, map.height, map.width]))
    }

    fileprivate mutating func liteBottleneck(
        _ path: String, _ map: FeatureMap, _ model: MobileFormerSpecification
    ) throws -> FeatureMap {
        var wide = try convolution(path + ".conv.0", map, stride: model.strides[0], padding: 1)
        wide = try batchNorm(path + ".conv.1", wide)
        wide.name = relu6(path, wide.name)
        wide = shuffled(path, wide, groups: model.groups > 1 ? map.channels : 1)
        let branch = try batchNorm(path + ".conv.5", try convolution(path + ".conv.4", wide))
        return map.channels == branch.channels && model.strides[0] == 1 ? sum(path, map, branch) : branch
    }

    /// Mirrors `MobileFormerBlock`.
    fileprivate mutating func mobileFormerBlock(
        _ path: String, _ map: FeatureMap, _ before: String, _ model: MobileFormerSpecification, row: Int
    ) throws -> (FeatureMap, String) {
        let gathered = try mapToTokens(path + ".local_global", map, before, model)
        let tokens = try tokenBlock(path + ".global_block", gathered, model)
        let first = firstToken(path, tokens, model.tokens)
        let groups = model.groups
        func unit(_ builder: inout GraphBuilder, _ name: String, _ x: FeatureMap, stride: Int = 1, shuffle: Int = 1)
            throws -> FeatureMap
        {
            // 3x3 kernels are padded, 1x1 are not.
            let kernel = try builder.tensor("\(path).\(name).0.weight", rank: 4).shape[2]
            let convolved = try builder.convolution("\(path).\(name).0", x, stride: stride, padding: kernel / 2)
            let normed = try builder.batchNorm("\(path).\(name).1", convolved)
            return builder.shuffled("\(path).\(name)", normed, groups: shuffle)
        }
        var result: FeatureMap
        if model.strides[row] == 2 {
            var x = try unit(&self, "conv1", map, stride: 2, shuffle: groups > 1 ? map.channels : 1)
            x = try tokenRelu(path + ".hyper1", x, first)
            let half = try unit(&self, "conv2", x)
            x = try unit(&self, "conv3", half, shuffle: groups > 1 ? half.channels : 1)
            x = try tokenRelu(path + ".hyper3", x, first)
            result = sum(path + ".sum", half, try unit(&self, "conv4", x))
        } else {
            var x = try tokenRelu(path + ".hyper1", try unit(&self, "conv1", map, shuffle: groups), first)
            x = try tokenRelu(path + ".hyper2", try unit(&self, "conv2", x), first)
            result = try unit(&self, "conv3", x, shuffle: groups)
            if result.channels == map.channels { result = sum(path + ".sum", map, result) }
        }
        return (try tokensToMap(path + ".global_local", result, tokens, model), tokens)
    }

    /// Mirrors `TokenRelu`.
    private mutating func tokenRelu(_ path: String, _ map: FeatureMap, _ token: String) throws -> FeatureMap {
        let map = channelsFirst(map)
        let hidden = node("Relu", path + ".relu", [try linear(path + ".hyper.0", token)])
        let scores = hardSigmoid(path, try linear(path + ".hyper.2", hidden))
        let doubled = node("Mul", path + ".doubled", [scores, number(2)])
        let slopes = split(path + ".slopes", doubled, [map.channels, map.channels], axis: 1)
        let a = reshaped(path + ".a", slopes[0], [map.channels, 1, 1])
        let b = reshaped(path + ".b", node("Sub", path + ".lowered", [slopes[1], number(1)]), [map.channels, 1, 1])
        let (first, second) = (
            node("Mul", path + ".first", [map.name, a]), node("Mul", path + ".second", [map.name, b])
        )
        return map.renamed(node("Max", path, [first, second]))
    }

    /// softmax(q k^T / sqrt(d)) v for heads beside each other in the channels; q [N, T, C], k and v [N, S, C].
    private mutating func headedAttention(
        _ path: String, _ q: (name: String, count: Int), _ k: (name: String, count: Int), _ v: String, channels: Int,
        heads: Int
    ) -> String {
        func turned(_ builder: inout GraphBuilder, _ letter: String, _ x: String, _ count: Int, _ order: [Int])
            -> String
        {
            let parts = builder.reshaped("\(path).\(letter).heads", x, [count, heads, channels / heads])
            return builder.transposed("\(path).\(letter).turned", parts, order)
        }
        let queries = turned(&self, "queries", q.name, q.count, [0, 2, 1, 3])
        let keys = turned(&self, "keys", k.name, k.count, [0, 2, 3, 1])
        let values = turned(&self, "values", v, k.count, [0, 2, 1, 3])
        let products = node("MatMul", path + ".products", [queries, keys])
        let scores = node("Mul", path + ".scores", [products, number(1 / Double(channels / heads).squareRoot())])
        let shares = node("Softmax", path + ".shares", [scores], ["axis": .integer(-1)])
        let mixed = transposed(path + ".back", node("MatMul", path + ".mixed", [shares, values]), [0, 2, 1, 3])
        return reshaped(path + ".joined", mixed, [q.count, channels])
    }

    private mutating func pixels(_ path: String, _ map: FeatureMap) -> (name: String, count: Int) {
        let last = channelsLast(map)
        let count = map.height * map.width
        return (reshaped(path + ".pixels", last.name, [count, map.channels]), count)
    }

    /// Mirrors `MapToTokens`.
    fileprivate mutating func mapToTokens(
        _ path: String, _ map: FeatureMap, _ tokens: String, _ model: MobileFormerSpecification
    ) throws -> String {
        let gate = hardSigmoid(path + ".alpha", try linear(path + ".alpha.0", tokens))
        let doubled = node("Mul", path + ".gate", [gate, number(2)])
        let seen = pixels(path, map)
        let mixed = headedAttention(
            path, (try linear(path + ".q", tokens), model.tokens.count), seen, seen.name, channels: map.channels,
            heads: MobileFormerSpecification.heads.bridge)
        let branch = try linear(path + ".proj", node("Mul", path + ".gated", [mixed, doubled]))
        return try layerNorm(
            path + ".layer_norm", try residual(path + ".sum", tokens, branch),
            epsilon: MobileFormerSpecification.epsilon)
    }

    /// Mirrors `TokenBlock`.
    private mutating func tokenBlock(
        _ path: String, _ tokens: String, _ model: MobileFormerSpecification
    ) throws -> String {
        let epsilon = MobileFormerSpecification.epsilon
        let all = (name: tokens, count: model.tokens.count)
        let mixed = headedAttention(
            path, (try linear(path + ".q", tokens), all.count), all, tokens, channels: model.tokens.width,
            heads: MobileFormerSpecification.heads.tokens)
        let branch = try linear(path + ".channel_mlp", mixed)
        let x = try layerNorm(path + ".layer_norm", try residual(path + ".sum", tokens, branch), epsilon: epsilon)
        let hidden = gelu(path + ".ffn", try linear(path + ".ffn.0", x))
        let last = try residual(path + ".ffn.sum", x, try linear(path + ".ffn.2", hidden))
        return try layerNorm(path + ".ffn_norm", last, epsilon: epsilon)
    }

    /// Mirrors `TokensToMap`.
    private mutating func tokensToMap(
        _ path: String, _ map: FeatureMap, _ tokens: String, _ model: MobileFormerSpecification
    ) throws -> FeatureMap {
        let last = channelsLast(map)
        let keys = (name: try linear(path + ".k", tokens), count: model.tokens.count)
        let mixed = headedAttention(
            path, pixels(path, map), keys, try linear(path + ".proj", tokens), channels: map.channels,
            heads: MobileFormerSpecification.heads.bridge)
        let branch = reshaped(path + ".map", mixed, [map.height, map.width, map.channels])
        return last.renamed(try residual(path, last.name, branch))
    }
}
