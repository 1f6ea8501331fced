import Models

/// Tokens [N, T, C] of a map, behind a class token where there is one.
private struct Tokens {
    var name: String
    let map: FeatureMap
    let hasToken: Bool

    func renamed(_ name: String) -> Tokens {
        var copy = self
        copy.name = name
        return copy
    }
}

extension CvTSpecification: BackboneGraph {
    /// Mirrors `CvT`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var x = images
        var token: String?
        var maps: [FeatureMap] = []
        for stage in depths.indices {
            let path = "stage\(stage)"
            x = try builder.convolution(
                path + ".patch_embed.proj", x, stride: embedStrides[stage], padding: padding(stage))
            x = try builder.layerNorm(path + ".patch_embed.norm", x, epsilon: Self.epsilon)
            let hasToken = builder.optionalTensor(path + ".cls_token") != nil
            let copies = hasToken ? try builder.classTokens(path, images) : nil
            var tokens = Tokens(name: builder.tokens(path, x, after: copies), map: x, hasToken: hasToken)
            for block in 0..<depths[stage] {
                tokens = try builder.cvtBlock("\(path).blocks.\(block)", tokens, self, heads: heads[stage])
            }
            (x, token) = builder.parts(path, tokens)
            maps.append(x)
        }
        return GraphFeatures(maps: maps, token: token.map { builder.reshaped("token", $0, [x.channels]) })
    }
}

extension GraphBuilder {
    /// The class token, once per image: [N, 1, C].
    fileprivate mutating func classTokens(_ path: String, _ images: FeatureMap) throws -> String {
        let token = try parameter(path + ".cls_token", rank: 3)
        let channels = try tensor(path + ".cls_token", rank: 3).shape[2]
        let batch = node("Shape", "batch_size", [images.name], ["start": .integer(0), "end": .integer(1)])
        let shape = concatenated(path + ".cls_token.shape", [batch, sizes([1, channels])], axis: 0)
        return node("Expand", path + ".cls_token.copies", [token, shape])
    }

    fileprivate mutating func tokens(_ path: String, _ map: FeatureMap, after token: String?) -> String {
        let map = channelsLast(map)
        let flat = reshaped(path + ".tokens", map.name, [map.height * map.width, map.channels])
        return token.map { concatenated(path + ".all_tokens", [$0, flat], axis: 1) } ?? flat
    }

    /// The map [N, H, W, C] and the class token [N, 1, C].
    fileprivate mutating func parts(_ path: String, _ tokens: Tokens) -> (FeatureMap, token: String?) {
        let map = tokens.map
        var rest = tokens.name
        var token: String?
        if tokens.hasToken {
            let both = split(path + ".token_and_map", tokens.name, [1, map.height * map.width], axis: 1)
            (token, rest) = (both[0], both[1])
        }
        return (map.renamed(reshaped(path + ".map", rest, [map.height, map.width, map.channels])), token)
    }

    fileprivate mutating func cvtBlock(
        _ path: String, _ x: Tokens, _ model: CvTSpecification, heads: Int
    ) throws -> Tokens {
        let normed = x.renamed(try layerNorm(path + ".norm1", x.name, epsilon: CvTSpecification.epsilon))
        let (map, token) = parts(path + ".attn", normed)
        let mixed = try attention(path + ".attn", map, token, model, heads: heads)
        let y = try residual(path + ".mixed", x.name, mixed)
        let hidden = try linear(path + ".mlp.fc1", try layerNorm(path + ".norm2", y, epsilon: CvTSpecification.epsilon))
        let active = model.activation == .gelu ? gelu(path, hidden) : quickGELU(path, hidden)
        return x.renamed(try residual(path, y, try linear(path + ".mlp.fc2", active)))
    }

    fileprivate mutating func attention(
        _ path: String, _ map: FeatureMap, _ token: String?, _ model: CvTSpecification, heads: Int
    ) throws -> String {
        let count = map.height * map.width + (token == nil ? 0 : 1)
        // Keys are turned, ready to be multiplied with.
        let operands = try [("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])].map { letter, order in
            let name = "\(path).conv_proj_\(letter)"
            var part = try convolution(
                name + ".conv", map, stride: letter == "q" ? 1 : model.keyStride, padding: 1)
            part = try batchNorm(name + ".bn", part)
            let projected = try linear("\(path).proj_\(letter)", tokens(name, part, after: token))
            let length = part.height * part.width + (token == nil ? 0 : 1)
            let split = reshaped("\(path).\(letter).heads", projected, [length, heads, map.channels / heads])
            return transposed("\(path).\(letter)", split, order)
        }
        let products = node("MatMul", path + ".products", [operands[0], operands[1]])
        let scores = node("Mul", path + ".scores", [products, number(1 / Double(map.channels).squareRoot())])
        let shares = node("Softmax", path + ".shares", [scores], ["axis": .integer(-1)])
        let mixed = transposed(
            path + ".turned", node("MatMul", path + ".mixed", [shares, operands[2]]), [0, 2, 1, 3])
        return try linear(path + ".proj", reshaped(path + ".joined", mixed, [count, map.channels]))
    }
}
