import Layers
import Models
import Tensors

extension SwinSpecification: BackboneGraph {
    /// Mirrors `Swin`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        let whole = builder.filled("images", images, toMultiplesOf: stemStride)
        let patches = try builder.convolution("patch_embed.proj", whole, stride: stemStride)
        var x = try builder.layerNorm("patch_embed.norm", patches, epsilon: Self.epsilon)
        var maps: [FeatureMap] = []
        for (stage, depth) in depths.enumerated() {
            if stage > 0 { x = try builder.merged("layers.\(stage).downsample", x) }
            for block in 0..<depth {
                let windows = shift(block: block).windows(windowSize(stage), on: Pair(x.height, x.width))
                x = try builder.swinBlock("layers.\(stage).blocks.\(block)", x, windows, heads: heads[stage])
            }
            maps.append(x)
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    /// Mirrors `Variable.filled`.
    fileprivate mutating func filled(_ name: String, _ map: FeatureMap, toMultiplesOf step: Int) -> FeatureMap {
        let below = (step - map.height % step) % step
        let right = (step - map.width % step) % step
        if below == 0, right == 0 { return map }
        var result = map
        let pads = map.isChannelsFirst ? [0, 0, 0, 0, 0, 0, below, right] : [0, 0, 0, 0, 0, below, right, 0]
        result.name = node("Pad", name + ".filled", [map.name, sizes(pads), number(0)])
        (result.height, result.width) = (map.height + below, map.width + right)
        return result
    }

    /// Mirrors `PatchMerging`.
    fileprivate mutating func merged(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        var result = filled(path, channelsLast(map), toMultiplesOf: 2)
        let flat = cells(path, result)
        (result.height, result.width) = (result.height / 2, result.width / 2)
        let normed = try layerNorm(path + ".norm", flat, epsilon: SwinSpecification.epsilon)
        result.name = try linear(path + ".reduction", normed)
        result.channels = try tensor(path + ".reduction.weight", rank: 2).shape[0]
        return result
    }

    fileprivate mutating func swinBlock(
        _ path: String, _ map: FeatureMap, _ windows: AttentionWindows, heads: Int
    ) throws -> FeatureMap {
        let map = channelsLast(map)
        let normed = map.renamed(try layerNorm(path + ".norm1", map.name, epsilon: SwinSpecification.epsilon))
        let mixed = try windowAttention(path + ".attn", normed, windows, heads: heads)
        let y = try residual(path + ".mixed", map.name, mixed)
        let hidden = try linear(
            path + ".mlp.fc1", try layerNorm(path + ".norm2", y, epsilon: SwinSpecification.epsilon))
        return map.renamed(try residual(path, y, try linear(path + ".mlp.fc2", gelu(path, hidden))))
    }

    /// Mirrors `WindowAttention`. One choice of pixels extends, moves and cuts the map, another one puts it together.
    mutating func windowAttention(
        _ path: String, _ map: FeatureMap, _ windows: AttentionWindows, heads: Int
    ) throws -> String {
        let (pixels, tokens, channels) = (map.height * map.width, windows.tokens, map.channels)
        let places = windows.places.map { Int($0) }
        let form = "\(windows.map) in \(windows.size) by \(windows.shift)"
        var flat = reshaped(path + ".pixels", map.name, [pixels, channels])
        if windows.isPadded { flat = node("Pad", path + ".extended", [flat, sizes([0, 0, 0, 0, 1, 0]), number(0)]) }
        let cut = node(
            "Gather", path + ".windows",
            [flat, indices("windows of " + form, places.map { $0 < 0 ? pixels : $0 })], ["axis": .integer(1)])
        let operands = split(
            path + ".operands", try linear(path + ".qkv", cut), [channels, channels, channels], axis: 2)
        // Keys are turned, ready to be multiplied with.
        let turned = zip(["q", "k", "v"], [[0, 1, 3, 2, 4], [0, 1, 3, 4, 2], [0, 1, 3, 2, 4]]).enumerated().map {
            let (name, order) = $1
            let parts = reshaped(
                "\(path).\(name).heads", operands[$0], [windows.count, tokens, heads, channels / heads])
            return transposed("\(path).\(name)", parts, order)
        }
        let products = node("MatMul", path + ".products", [turned[0], turned[1]])
        let scaled = node("Mul", path + ".scaled", [products, number(1 / Double(channels / heads).squareRoot())])
        var scores = node("Add", path + ".scores", [scaled, try positions(path, windows, heads: heads)])
        if windows.shift != 0 {
            let mask = constant("mask of " + form, [windows.count, 1, tokens, tokens], Self.masks(windows))
            scores = node("Add", path + ".masked", [scores, mask])
        }
        let shares = node("Softmax", path + ".shares", [scores], ["axis": .integer(-1)])
        let mixed = transposed(
            path + ".turned", node("MatMul", path + ".mixed", [shares, turned[2]]), [0, 1, 3, 2, 4])
        let rows = reshaped(path + ".joined", mixed, [windows.count * tokens, channels])
        var sources = Array(repeating: 0, count: pixels)
        for (token, place) in places.enumerated() where place >= 0 { sources[place] = token }
        let back = node(
            "Gather", path + ".back", [rows, indices("pixels of " + form, sources)], ["axis": .integer(1)])
        return try linear(path + ".proj", reshaped(path + ".map", back, [map.height, map.width, channels]))
    }

    /// The bias of each head's scores, [heads, tokens, tokens].
    private mutating func positions(_ path: String, _ windows: AttentionWindows, heads: Int) throws -> String {
        let name = path + ".relative_position_bias_table"
        let table = try tensor(name, rank: 2)
        guard table.shape == [windows.positions, heads] else {
            throw ExportError(
                "\(name) has the shape \(table.shape), expected \([windows.positions, heads]) for windows of "
                    + "\(windows.size) pixels")
        }
        let tokens = windows.tokens
        return constant(
            path + ".positions", [heads, tokens, tokens],
            (0..<heads).flatMap { head in
                (0..<tokens * tokens).map { table.values[windows.position($0 / tokens, $0 % tokens) * heads + head] }
            })
    }

    private static func masks(_ windows: AttentionWindows) -> [Float] {
        let tokens = windows.tokens
        return windows.kinds.flatMap { kind in
            (0..<tokens * tokens).map { Float(windows.mask(Int(kind), $0 / tokens, $0 % tokens)) }
        }
    }
}
