import Layers
import Models
import Tensors

extension MixNetSpecification: BackboneGraph {
    /// Mirrors `MixNet`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var x = images
        var maps: [FeatureMap] = []
        var number = 0
        for (stage, depth) in depths.enumerated() {
            if stage == 0 {
                x = try builder.layerNorm(
                    "stem.1", try builder.convolution("stem.0", x, stride: stemStride, padding: 1))
            } else {
                let path = "stages.\(stage).downsample"
                x = try builder.convolution(path + ".1", try builder.layerNorm(path + ".0", x), stride: 2)
            }
            for block in 0..<depth {
                x = try builder.mixnetBlock(
                    "stages.\(stage).blocks.\(block)", x, mixer: mixer, number: number, stage: stage)
                number += 1
            }
            maps.append(x)
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    fileprivate mutating func mixnetBlock(
        _ path: String, _ map: FeatureMap, mixer: MixNetMixer, number: Int, stage: Int
    ) throws -> FeatureMap {
        let map = channelsLast(map)
        let normed = map.renamed(try layerNorm(path + ".norm1", map.name))
        let mixed = channelsLast(try mixed(path + ".mixer", normed, mixer, number: number, stage: stage))
        let y = try residual(path + ".mixed", map.name, mixed.name)
        let hidden = try linear(path + ".mlp.fc1", try layerNorm(path + ".norm2", y))
        return map.renamed(try residual(path, y, try linear(path + ".mlp.fc2", gelu(path, hidden))))
    }

    /// Mirrors what `MixNetMaker` makes.
    private mutating func mixed(
        _ path: String, _ x: FeatureMap, _ mixer: MixNetMixer, number: Int, stage: Int
    ) throws -> FeatureMap {
        let heads = x.channels / MixNetMixer.headWidth
        switch mixer {
        case .standard, .grouped: return try convolution(path, x, padding: 1)
        case .dilated: return try convolution(path, x, padding: 2, dilation: 2)
        case .depthwiseSeparable:
            return try convolution(path + ".pointwise", try convolution(path + ".depthwise", x, padding: 1))
        case .spatiallySeparable: return try columnAndRow(path, x)
        case .flattened: return try columnAndRow(path, try convolution(path + ".lateral", x))
        case .shuffledGrouped:
            let shuffled = shuffled(path, try convolution(path + ".first", x), groups: MixNetMixer.groups)
            return try convolution(path + ".second", try convolution(path + ".depthwise", shuffled, padding: 1))
        case .deformable1, .deformable2:
            var places = channelsFirst(try convolution(path + ".conv_offset", x, padding: 1))
            var shares: String?
            if mixer == .deformable2 {
                let parts = split(path + ".places", places.name, [18, 9], axis: 1)
                places = places.renamed(parts[0])
                places.channels = 18
                shares = node("Sigmoid", path + ".tap.shares", [parts[1]])
            }
            return try convolution(path, x, at: places, isRelative: true, shares: shares)
        case .condConv, .dyConv, .odConv, .kernelWarehouse:
            return try convolution(path, x, mixer.kernels, warehouse: stage, kernel: 3, stride: 1)
        case .frequencyFilter: return try frequencyFilter(path, x)
        case .gnConv, .gnConvGF:
            return x.renamed(
                try gnConv(
                    path, x, widths: [x.channels / 2, x.channels], globalFilter: mixer == .gnConvGF, gateScale: 1.0 / 3)
            )
        case .globalFilter: return try globalFilter(path, channelsFirst(x))
        case .windowAttention:
            let shift: WindowAttention.Shift = number % 2 == 0 ? .none : .betweenWindows
            let windows = shift.windows(Pair(MixNetMixer.window), on: Pair(x.height, x.width))
            return x.renamed(try windowAttention(path, x, windows, heads: heads))
        case .attention: return x.renamed(try attention(path, x, heads: heads))
        }
    }

    /// A column of taps, then a row of them.
    private mutating func columnAndRow(_ path: String, _ x: FeatureMap) throws -> FeatureMap {
        try convolution(
            path + ".horizontal", try convolution(path + ".vertical", x, pads: Pair(1, 0)), pads: Pair(0, 1))
    }

    private mutating func shuffled(_ path: String, _ map: FeatureMap, groups: Int) -> FeatureMap {
        let input = channelsFirst(map)
        let parts = reshaped(
            path + ".groups", input.name, [groups, map.channels / groups, map.height * map.width])
        let turned = transposed(path + ".shuffled", parts, [0, 2, 1, 3])
        return input.renamed(reshaped(path + ".channels", turned, [map.channels, map.height, map.width]))
    }

    /// Mirrors `SelfAttention` of a map with its channels last.
    private mutating func attention(_ path: String, _ map: FeatureMap, heads: Int) throws -> String {
        let (places, channels) = (map.height * map.width, map.channels)
        let operands = split(
            path + ".operands", try linear(path + ".qkv", reshaped(path + ".tokens", map.name, [places, channels])),
            [channels, channels, channels], axis: 2)
        // Keys are turned, ready to be multiplied with.
        let turned = zip(["q", "k", "v"], [[0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]]).enumerated().map {
            let (name, order) = $1
            let parts = reshaped("\(path).\(name).heads", operands[$0], [places, heads, channels / heads])
            return transposed("\(path).\(name)", parts, order)
        }
        let scores = node(
            "Mul", path + ".scores",
            [
                node("MatMul", path + ".products", [turned[0], turned[1]]),
                number(1 / Double(channels / heads).squareRoot()),
            ])
        let shares = node("Softmax", path + ".shares", [scores], ["axis": .integer(-1)])
        let mixed = transposed(path + ".turned", node("MatMul", path + ".mixed", [shares, turned[2]]), [0, 2, 1, 3])
        return try linear(path + ".proj", reshaped(path + ".map", mixed, [map.height, map.width, channels]))
    }
}
