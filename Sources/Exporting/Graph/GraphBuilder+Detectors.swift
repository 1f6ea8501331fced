import Models
import Tensors

/// The layers of detectors.
extension GraphBuilder {
    /// Mirrors `NormedConvolution`.
    mutating func normedConvolution(
        _ path: String, _ map: FeatureMap, stride: Int = 1, padding: Int = 1, groups: Int, activates: Bool = false
    ) throws -> FeatureMap {
        var result = try convolution(path + ".conv", map, stride: stride, padding: padding)
        if groups > 0 { result = try groupNorm(path + ".gn", result, groups: groups) }
        return activates ? relu(path + ".relu", result) : result
    }

    /// Group norm: each group as one channel of an instance norm, then a factor and an offset for each channel.
    mutating func groupNorm(
        _ path: String, _ map: FeatureMap, groups: Int, epsilon: Double = 1e-5
    ) throws -> FeatureMap {
        let input = channelsFirst(map)
        let size = map.channels / groups * map.height * map.width
        let grouped = reshaped(path + ".groups", input.name, [groups, size])
        let ones = constant("ones \(groups)", [groups], [Float](repeating: 1, count: groups))
        let zeros = constant("zeros \(groups)", [groups], [Float](repeating: 0, count: groups))
        let normalized = node(
            "InstanceNormalization", path + ".normalized", [grouped, ones, zeros], ["epsilon": .float(epsilon)])
        let back = reshaped(path + ".channels", normalized, [map.channels, map.height, map.width])
        // A factor for each channel, stretched over its map.
        func perChannel(_ name: String) throws -> String {
            let tensor = try tensor("\(path).\(name)", rank: 1)
            return constant("\(path).\(name).stretched", [map.channels, 1, 1], tensor.values)
        }
        let scaled = node("Mul", path + ".scaled", [back, try perChannel("weight")])
        return input.renamed(node("Add", path, [scaled, try perChannel("bias")]))
    }

    /// Mirrors `SharedTower`, at one of the levels that share it.
    mutating func tower(
        _ path: String, layers: String, last: String, _ map: FeatureMap, convolutions: Int, groups: Int
    ) throws -> FeatureMap {
        var x = map
        for index in 0..<convolutions {
            x = try normedConvolution("\(path).\(layers).\(index)", x, groups: groups, activates: true)
        }
        return try convolution("\(path).\(last)", x, padding: 1)
    }

    /// A map as rows of so many columns, [N, rows, columns]: place by place, a place's channels in order.
    mutating func rows(_ name: String, _ map: FeatureMap, columns: Int) -> String {
        let last = channelsLast(map)
        return reshaped(name, last.name, [map.height * map.width * map.channels / columns, columns])
    }

    /// Mirrors a 3x3 `DeformableConvolution` whose taps lie at given points: [N, 18, H, W], y before x, from each place.
    ///
    /// The map is read at all points, nine maps one below the other, and what stands at the same place of the nine goes
    /// through a 1x1 convolution.
    /// - Parameters:
    ///   - isRelative: whether points are counted from where the taps of a 3x3 kernel usually lie.
    ///   - shares: what the taps are multiplied with, [N, 9, H, W].
    mutating func convolution(
        _ path: String, _ map: FeatureMap, at points: FeatureMap, isRelative: Bool = false, shares: String? = nil
    ) throws -> FeatureMap {
        let input = channelsFirst(map)
        let (height, width) = (map.height, map.width)
        let weight = try tensor(path + ".weight", rank: 4)
        let (outputs, taps) = (weight.shape[0], weight.shape[2] * weight.shape[3])
        let pairs = transposed(
            path + ".pairs", reshaped(path + ".points", channelsFirst(points).name, [taps, 2, height * width]),
            [0, 1, 3, 2])
        // GridSample wants x before y, and -1 to 1 from the map's left edge to its right one.
        var turned = node("Gather", path + ".turned", [pairs, sizes([1, 0])], ["axis": .integer(3)])
        if isRelative {
            let usual: [Float] = [-1, -1, 0, -1, 1, -1, -1, 0, 0, 0, 1, 0, -1, 1, 0, 1, 1, 1]
            turned = node("Add", path + ".taps", [turned, constant("taps of 3x3", [9, 1, 2], usual)])
        }
        let scale = constant("cells \(height)x\(width)", [2], [2 / Float(width), 2 / Float(height)])
        let places = constant(
            "places \(height)x\(width)", [height * width, 2],
            Self.centers(height: height, width: width))
        let moved = node(
            "Add", path + ".moved", [node("Mul", path + ".moves", [turned, scale]), places])
        let grid = reshaped(path + ".grid", moved, [taps * height, width, 2])
        let read = node(
            "GridSample", path + ".read", [input.name, grid],
            ["mode": .word("bilinear"), "padding_mode": .word("zeros"), "align_corners": .integer(0)])
        var weighed = read
        if let shares {
            let parts = reshaped(path + ".parts", read, [map.channels, taps, height, width])
            weighed = node(
                "Mul", path + ".weighed", [parts, reshaped(path + ".shares", shares, [1, taps, height, width])])
        }
        let stacked = reshaped(path + ".stacked", weighed, [map.channels * taps, height, width])
        let matrix = constant(path + ".weight.pointwise", [outputs, map.channels * taps, 1, 1], weight.values)
        var inputs = [stacked, matrix]
        if optionalTensor(path + ".bias") != nil { inputs.append(try parameter(path + ".bias", rank: 1)) }
        let name = node(
            "Conv", path, inputs,
            [
                "group": .integer(1), "kernel_shape": .integers([1, 1]), "pads": .integers([0, 0, 0, 0]),
                "strides": .integers([1, 1]),
            ])
        return FeatureMap(name: name, height: height, width: width, channels: outputs, isChannelsFirst: true)
    }

    /// The places of a map, row by row, x before y, from -1 at its left or upper edge to 1 at the opposite one.
    private static func centers(height: Int, width: Int) -> [Float] {
        func center(_ index: Int, _ extent: Int) -> Float { Float(2 * index + 1) / Float(extent) - 1 }
        var centers: [Float] = []
        for y in 0..<height {
            for x in 0..<width { centers += [center(x, width), center(y, height)] }
        }
        return centers
    }

    /// Maps as they are, as results under names of their own.
    mutating func results(_ name: String, _ maps: [FeatureMap]) -> [GraphValue] {
        maps.enumerated().map { level, map in
            let map = channelsFirst(map)
            return GraphValue(
                name: node("Identity", "\(name).\(level)", [map.name]), shape: [map.channels, map.height, map.width])
        }
    }
}
