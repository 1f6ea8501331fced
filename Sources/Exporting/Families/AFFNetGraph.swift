import Models
import Tensors

extension AFFNetSpecification: BackboneGraph {
    /// Mirrors `AFFNet`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        let isLarge = stem == .large
        func residual(_ builder: inout GraphBuilder, _ path: String, _ x: FeatureMap, stride: Int) throws -> FeatureMap
        {
            try builder.invertedResidual(path, x, stride: stride) { $0.relu($1 + ".relu", $2) }
        }
        var x = try builder.convolutionUnit("conv_1", images, stride: isLarge ? 2 : 1)
        x = try residual(&builder, "layer_1.0", x, stride: 1)
        for index in 0..<3 {
            x = try residual(&builder, "layer_2.\(index)", x, stride: index == 0 && isLarge ? 2 : 1)
        }
        var maps = [x]
        for (stage, depth) in depths.enumerated() {
            let path = "layer_\(stage + 3)"
            x = try residual(&builder, path + ".0", x, stride: 2)
            var y = x
            for block in 0..<depth {
                let own = "\(path).1.global_rep.\(block)"
                let local = try residual(&builder, own + ".ffn", try builder.batchNorm(own + ".norm1", y), stride: 1)
                let filtered = try builder.frequencyFilter(
                    own + ".filter", try builder.batchNorm(own + ".norm2", local))
                y = builder.sum(own + ".sum", y, filtered)
            }
            y = try builder.batchNorm("\(path).1.global_rep.\(depth)", y)
            y = try builder.convolutionUnit(path + ".1.conv_proj", y, activates: false)
            x = try builder.convolutionUnit(
                path + ".1.fusion", builder.stacked(path + ".1.joined", [x, y]))
            if stage == depths.count - 1 { x = try builder.convolutionUnit("conv_1x1_exp", x) }
            maps.append(x)
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    /// Mirrors `ConvolutionUnit`.
    fileprivate mutating func convolutionUnit(
        _ path: String, _ map: FeatureMap, stride: Int = 1, activates: Bool = true
    ) throws -> FeatureMap {
        let kernel = try tensor(path + ".conv.weight", rank: 4).shape[2]
        let normed = try batchNorm(
            path + ".norm", try convolution(path + ".conv", map, stride: stride, padding: kernel / 2))
        return activates ? relu(path + ".relu", normed) : normed
    }

    /// x + irfft2(M s): the transforms are products with real matrices, and so are the complex layers, each as one matrix
    /// over all channels with zeros between the blocks.
    mutating func frequencyFilter(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        let (channels, height, columns) = (map.channels, map.height, map.width / 2 + 1)
        // [N, C, columns, 2 H], real parts before imaginary ones.
        let spectrum = halfSpectrum(path, channelsFirst(map))
        let parts = split(path + ".spectrum", spectrum, [height, height], axis: 3)
        // [N, C, bins] each, one behind the other: [N, bins, 2 C].
        let flat = parts.enumerated().map { reshaped("\(path).part.\($0)", $1, [channels, columns * height]) }
        let rows = transposed(path + ".rows", concatenated(path + ".both", flat, axis: 1), [0, 2, 1])
        let hidden = node("Relu", path + ".relu", [try complexLinear(path, "1", rows, channels: channels)])
        let raw = try complexLinear(path, "2", hidden, channels: channels)
        let (up, down) = (
            node("Relu", path + ".above", [node("Add", path + ".lowered", [raw, number(-0.01)])]),
            node(
                "Relu", path + ".below",
                [node("Mul", path + ".mirrored", [node("Add", path + ".raised", [raw, number(0.01)]), number(-1)])])
        )
        let shrunk = node("Sub", path + ".shrunk", [up, down])
        let turned = transposed(path + ".mask", shrunk, [0, 2, 1])
        let mask = split(path + ".mask.parts", turned, [channels, channels], axis: 1).enumerated().map {
            reshaped("\(path).mask.\($0)", $1, [channels, columns, height])
        }
        func product(_ a: String, _ b: String, _ name: String) -> String {
            node("Mul", "\(path).product.\(name)", [a, b])
        }
        let real = node(
            "Sub", path + ".product.real",
            [product(parts[0], mask[0], "real_real"), product(parts[1], mask[1], "imaginary_imaginary")])
        let imaginary = node(
            "Add", path + ".product.imaginary",
            [product(parts[0], mask[1], "real_imaginary"), product(parts[1], mask[0], "imaginary_real")])
        let filtered = maps(path, concatenated(path + ".product.both", [real, imaginary], axis: 3), like: map)
        return sum(path, channelsFirst(map), filtered)
    }

    /// Rows [N, bins, 2 C], real parts first, through the layer's blocks.
    private mutating func complexLinear(
        _ path: String, _ number: String, _ rows: String, channels: Int
    ) throws -> String {
        let (weight, bias) = (
            try tensor("\(path).w\(number)", rank: 4), try tensor("\(path).b\(number)", rank: 3)
        )
        let (blocks, side) = (weight.shape[1], weight.shape[2])
        var matrix = [Float](repeating: 0, count: 4 * channels * channels)
        for block in 0..<blocks {
            for i in 0..<side {
                for o in 0..<side {
                    let (row, column) = (block * side + i, block * side + o)
                    let re = weight.values[(block * side + i) * side + o]
                    let im = weight.values[((blocks + block) * side + i) * side + o]
                    matrix[row * 2 * channels + column] = re
                    matrix[row * 2 * channels + channels + column] = im
                    matrix[(channels + row) * 2 * channels + column] = -im
                    matrix[(channels + row) * 2 * channels + channels + column] = re
                }
            }
        }
        let product = node(
            "MatMul", "\(path).layer\(number)",
            [rows, constant("\(path).w\(number).matrix", [2 * channels, 2 * channels], matrix)])
        return node(
            "Add", "\(path).layer\(number).sum",
            [product, constant("\(path).b\(number)", [2 * channels], bias.values)])
    }
}
