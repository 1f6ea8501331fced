import Models

extension SegNetrSpecification: BackboneGraph {
    /// Mirrors `SegNetr`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var maps = [try builder.mobileConvolution("stem", images)]
        for (level, patch) in [8, 4, 2, 1].enumerated() {
            let path = "stages.\(level)"
            let merged = try builder.merged(path + ".merge", maps[maps.count - 1])
            maps.append(
                try builder.segnetrBlock(path + ".block", merged, patch: patch, globalBranch: globalBranch))
        }
        maps[maps.count - 1] = try builder.mobileConvolution("bottleneck", maps[maps.count - 1])
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    /// Four pixels beside each other, column by column, and a linear layer.
    fileprivate mutating func merged(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        var result = channelsLast(map)
        let flat = cells(path, result)
        (result.height, result.width) = (map.height / 2, map.width / 2)
        result.name = try linear(path, flat)
        result.channels = try tensor(path + ".weight", rank: 2).shape[0]
        return result
    }

    /// The four pixels of each cell of a map with its channels last beside each other, column by column.
    mutating func cells(_ path: String, _ map: FeatureMap) -> String {
        let (height, width) = (map.height / 2, map.width / 2)
        let cells = reshaped(path + ".cells", map.name, [height, 2, width, 2, map.channels])
        let turned = transposed(path + ".turned", cells, [0, 1, 3, 4, 2, 5])
        return reshaped(path + ".merged", turned, [height, width, 4 * map.channels])
    }

    /// Mirrors `MobileConvolution`.
    fileprivate mutating func mobileConvolution(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        func normed(_ builder: inout GraphBuilder, _ name: String, _ x: FeatureMap, padding: Int = 0) throws
            -> FeatureMap
        {
            let convolved = try builder.convolution("\(path).\(name).conv", x, padding: padding)
            return try builder.batchNorm("\(path).\(name).bn", convolved)
        }
        var wide = try normed(&self, "expand", map)
        wide.name = silu(path + ".expand", wide.name)
        var mixed = try normed(&self, "depthwise", wide, padding: 1)
        mixed.name = silu(path + ".depthwise", mixed.name)
        let means = averagePooled(path + ".means", mixed)
        let squeezed = silu(path + ".squeeze", try linear(path + ".squeeze", means))
        let shares = node("Sigmoid", path + ".shares", [try linear(path + ".excite", squeezed)])
        let factors = reshaped(path + ".factors", shares, [mixed.channels, 1, 1])
        mixed.name = node("Mul", path + ".weighted", [mixed.name, factors])
        let branch = try normed(&self, "project", mixed)
        return map.channels == branch.channels ? sum(path, map, branch) : branch
    }

    /// Mirrors `SegNetrBlock`.
    mutating func segnetrBlock(
        _ path: String, _ map: FeatureMap, patch: Int, globalBranch: Bool
    ) throws -> FeatureMap {
        var f = channelsLast(try mobileConvolution(path + ".mbconv", map))
        var fused = node(
            "Add", path + ".with_local", [f.name, try windowWeighted(path + ".local", f, side: patch)])
        if globalBranch {
            let there = f.renamed(displaced(path + ".there", f, patch: patch))
            let weighted = f.renamed(try windowWeighted(path + ".global", there, side: 2 * patch))
            fused = node("Add", path + ".with_global", [fused, displaced(path + ".back", weighted, patch: patch)])
        }
        let hidden = try linear(path + ".mlp.fc1", try layerNorm(path + ".norm", fused))
        let branch = try linear(path + ".mlp.fc2", gelu(path + ".mlp", hidden))
        f.name = try residual(path, fused, branch)
        return f
    }

    private mutating func displaced(_ name: String, _ map: FeatureMap, patch: Int) -> String {
        let (rows, columns) = (map.height / patch, map.width / patch)
        let byRow = reshaped(name + ".rows", map.name, [rows, patch * map.width * map.channels])
        let moved = node(
            "Gather", name + ".rows.moved", [byRow, sizes(SegNetrBlock.displacement(rows))], ["axis": .integer(1)])
        let byColumn = reshaped(name + ".columns", moved, [map.height, columns, patch * map.channels])
        let both = node(
            "Gather", name + ".columns.moved", [byColumn, sizes(SegNetrBlock.displacement(columns))],
            ["axis": .integer(2)])
        return reshaped(name, both, [map.height, map.width, map.channels])
    }

    private mutating func windowWeighted(_ path: String, _ map: FeatureMap, side: Int) throws -> String {
        let factor = try parameter(path + ".factor", rank: 1)
        if side == 1 { return node("Mul", path, [map.name, factor]) }
        let (rows, columns) = (map.height / side, map.width / side)
        let means = node("ReduceMean", path + ".means", [map.name], ["axes": .integers([3]), "keepdims": .integer(0)])
        let cut = transposed(
            path + ".cut", reshaped(path + ".cells", means, [rows, side, columns, side]), [0, 1, 3, 2, 4])
        let windows = reshaped(path + ".windows", cut, [rows * columns, side * side])
        let scores = try linear(path + ".mlp.fc2", gelu(path + ".mlp", try linear(path + ".mlp.fc1", windows)))
        let shares = node("Softmax", path + ".shares", [scores], ["axis": .integer(-1)])
        let scaled = node("Mul", path + ".scaled", [shares, factor])
        let joined = transposed(
            path + ".joined", reshaped(path + ".parts", scaled, [rows, columns, side, side]), [0, 1, 3, 2, 4])
        let weights = reshaped(path + ".weights", joined, [map.height, map.width, 1])
        return node("Mul", path, [map.name, weights])
    }
}
