import Models

extension FeaturePyramidSpecification: NeckGraph {
    /// Mirrors `FeaturePyramid`.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> GraphFeatures {
        let given = Array(features.maps.dropFirst(firstStage))
        var sums: [FeatureMap] = []
        for (level, map) in given.enumerated() {
            sums.append(try layer(&builder, "neck.lateral_convs.\(level)", map, padding: 0))
        }
        for level in sums.indices.dropFirst().reversed() {
            let finer = sums[level - 1]
            let enlarged = builder.resized(
                "neck.enlarged.\(level)", sums[level], height: finer.height, width: finer.width, .nearest)
            sums[level - 1] = builder.sum("neck.sums.\(level - 1)", finer, enlarged)
        }
        var maps: [FeatureMap] = []
        for (level, sum) in sums.enumerated() {
            let path = "neck.fpn_convs.\(level)"
            maps.append(
                groups > 0
                    ? try layer(&builder, path, sum)
                    : try builder.fusion(path, fusion, sum, outputs: channels, normalizes: false))
        }
        if upward { maps = try risen(&builder, maps) }
        guard extra != .pool else {
            for level in 0..<extraLevels {
                maps.append(
                    builder.maxPooled(
                        "neck.extra.\(level)", maps[maps.count - 1], kernel: 1, stride: 2, padding: 0))
            }
            return GraphFeatures(maps: maps)
        }
        var source =
            switch extra {
            case .c5: given[given.count - 1]
            case .lateral: sums[sums.count - 1]
            case .p5, .pool: maps[maps.count - 1]
            }
        for number in 0..<extraLevels {
            if number > 0, reluBeforeExtra { source = builder.relu("neck.extra.\(number).relu", source) }
            source = try layer(&builder, "neck.fpn_convs.\(given.count + number)", source, stride: 2)
            maps.append(source)
        }
        return GraphFeatures(maps: maps)
    }

    private func risen(_ builder: inout GraphBuilder, _ maps: [FeatureMap]) throws -> [FeatureMap] {
        var maps = maps
        for level in 0..<maps.count - 1 {
            let step = try layer(&builder, "neck.downsample_convs.\(level)", maps[level], stride: 2)
            maps[level + 1] = builder.sum("neck.risen.\(level + 1)", maps[level + 1], step)
        }
        var results = [maps[0]]
        for (level, map) in maps.dropFirst().enumerated() {
            results.append(try layer(&builder, "neck.pafpn_convs.\(level)", map))
        }
        return results
    }

    private func layer(
        _ builder: inout GraphBuilder, _ path: String, _ map: FeatureMap, stride: Int = 1, padding: Int = 1
    ) throws -> FeatureMap {
        try builder.normedConvolution(path, map, stride: stride, padding: padding, groups: groups)
    }
}
