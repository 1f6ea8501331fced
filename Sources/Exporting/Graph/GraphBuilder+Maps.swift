import Models
import Tensors

/// What dense models do with whole maps.
extension GraphBuilder {
    /// max(x, 0).
    mutating func relu(_ name: String, _ map: FeatureMap) -> FeatureMap {
        map.renamed(node("Relu", name, [map.name]))
    }

    /// x sigmoid(x).
    mutating func silu(_ name: String, _ x: String) -> String {
        node("Mul", name + ".swish", [x, node("Sigmoid", name + ".swish.share", [x])])
    }

    /// A convolution that keeps the map's size, batch norm and relu; see `ConvolutionBlock`.
    mutating func convolutionBlock(
        _ path: String, _ map: FeatureMap, convolution: String = "conv", norm: String = "bn"
    ) throws -> FeatureMap {
        let kernel = try tensor("\(path).\(convolution).weight", rank: 4).shape[2]
        let convolved = try self.convolution("\(path).\(convolution)", map, padding: kernel / 2)
        return relu("\(path).\(norm).relu", try batchNorm("\(path).\(norm)", convolved))
    }

    /// A layer of `Fusion`: with batch norm and relu where `normalizes` says so.
    mutating func fusion(
        _ path: String, _ fusion: Fusion, _ map: FeatureMap, outputs: Int, normalizes: Bool
    ) throws -> FeatureMap {
        if fusion == .conv {
            return normalizes
                ? try convolutionBlock(path, map) : try convolution(path + ".conv", map, padding: 1)
        }
        var fused = channelsLast(map)
        fused.name = try gnConv(
            path, map, widths: [outputs / 2, outputs], globalFilter: fusion == .gnconvGF)
        fused.channels = outputs
        return normalizes ? relu(path + ".bn.relu", try batchNorm(path + ".bn", fused)) : fused
    }

    /// a + b, maps of one size.
    mutating func sum(_ name: String, _ a: FeatureMap, _ b: FeatureMap) -> FeatureMap {
        let (a, b) = (channelsFirst(a), channelsFirst(b))
        return a.renamed(node("Add", name, [a.name, b.name]))
    }

    /// Maps of one size beside each other.
    mutating func stacked(_ name: String, _ maps: [FeatureMap]) -> FeatureMap {
        var result = channelsFirst(maps[0])
        let names = maps.map { channelsFirst($0).name }
        result.name = concatenated(name, names, axis: 1)
        result.channels = maps.reduce(0) { $0 + $1.channels }
        return result
    }

    /// The map brought to another size, as `Variable.resized` does it; the map itself where it has the size.
    mutating func resized(
        _ name: String, _ map: FeatureMap, height: Int, width: Int,
        _ mode: ResizeMode = .bilinear(alignCorners: false)
    ) -> FeatureMap {
        var result = channelsFirst(map)
        if (map.height, map.width) == (height, width) { return result }
        var attributes: [String: Attribute] = ["mode": .word("linear")]
        switch mode {
        case .bilinear(let alignCorners):
            attributes["coordinate_transformation_mode"] = .word(alignCorners ? "align_corners" : "half_pixel")
        case .nearest:
            attributes = [
                "mode": .word("nearest"), "coordinate_transformation_mode": .word("asymmetric"),
                "nearest_mode": .word("floor"),
            ]
        }
        let size = concatenated(
            name + ".size", [batchSize(), sizes([map.channels, height, width])], axis: 0)
        // Neither a region nor scales.
        result.name = node("Resize", name, [result.name, "", "", size], attributes)
        (result.height, result.width) = (height, width)
        return result
    }

    /// The map brought to another one's size.
    mutating func resized(_ name: String, _ map: FeatureMap, like other: FeatureMap) -> FeatureMap {
        resized(name, map, height: other.height, width: other.width)
    }

    /// The means over side x side parts of the map, which may overlap, as two products with matrices of shares.
    mutating func averagePooled(_ name: String, _ map: FeatureMap, side: Int) -> FeatureMap {
        var result = channelsFirst(map)
        func shares(_ extent: Int) -> [[Float]] {
            (0..<side).map { part in
                let range = part * extent / side..<((part + 1) * extent + side - 1) / side
                return (0..<extent).map { range.contains($0) ? 1 / Float(range.count) : 0 }
            }
        }
        let (rows, columns) = (shares(map.height), shares(map.width))
        let left = constant("shares \(map.height) to \(side)", [side, map.height], rows.flatMap { $0 })
        let right = constant(
            "shares \(map.width) to \(side) transposed", [map.width, side],
            (0..<map.width).flatMap { x in columns.map { $0[x] } })
        let means = node("MatMul", name + ".rows", [left, result.name])
        result.name = node("MatMul", name, [means, right])
        (result.height, result.width) = (side, side)
        return result
    }

    /// A transposed convolution without padding.
    mutating func transposedConvolution(_ path: String, _ map: FeatureMap, stride: Int) throws -> FeatureMap {
        let input = channelsFirst(map)
        let weight = try tensor(path + ".weight", rank: 4)
        let kernel = (weight.shape[2], weight.shape[3])
        let name = node(
            "ConvTranspose", path,
            [input.name, try parameter(path + ".weight", rank: 4), try parameter(path + ".bias", rank: 1)],
            ["kernel_shape": .integers([kernel.0, kernel.1]), "strides": .integers([stride, stride])])
        return FeatureMap(
            name: name, height: (map.height - 1) * stride + kernel.0, width: (map.width - 1) * stride + kernel.1,
            channels: weight.shape[1], isChannelsFirst: true)
    }

    /// The scores of a dense head by its last layer, at the images' size and under the name of the output.
    public mutating func scores(_ path: String, _ map: FeatureMap) throws -> [GraphValue] {
        let isLarge = (map.height, map.width) == (imageSize.height, imageSize.width)
        let scores = try convolution(path, map, output: isLarge ? ONNXModel.outputName : nil)
        let result = resized(ONNXModel.outputName, scores, height: imageSize.height, width: imageSize.width)
        return [GraphValue(name: result.name, shape: [result.channels, result.height, result.width])]
    }
}
