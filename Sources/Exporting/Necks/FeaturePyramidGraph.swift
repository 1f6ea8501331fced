import Models

extension FeaturePyramidSpecification: NeckGraph {
    /// Mirrors `FeaturePyramid`.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> GraphFeatures {
        var sums = try features.maps.enumerated().map { level, map in
            try builder.convolution("neck.lateral_convs.\(level).conv", map)
        }
        for level in sums.indices.dropFirst().reversed() {
            let finer = sums[level - 1]
            let enlarged = builder.resized(
                "neck.enlarged.\(level)", sums[level], height: finer.height, width: finer.width, .nearest)
            sums[level - 1] = builder.sum("neck.sums.\(level - 1)", finer, enlarged)
        }
        var maps = try sums.enumerated().map { level, sum in
            try builder.fusion("neck.fpn_convs.\(level)", fusion, sum, outputs: channels, normalizes: false)
        }
        for level in 0..<extraLevels {
            maps.append(
                builder.maxPooled(
                    "neck.extra.\(level)", maps[maps.count - 1], kernel: 1, stride: 2, padding: 0))
        }
        return GraphFeatures(maps: maps)
    }
}
