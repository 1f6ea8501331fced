import Models

extension UPerNetHeadSpecification: HeadGraph {
    /// Mirrors `UPerNetHead` in evaluation mode, without the auxiliary head.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        let maps = features.maps
        guard maps.count > 1, let coarsest = maps.last else {
            throw ExportError("the graph has no two maps, which the head upernet needs")
        }
        var parts = [coarsest]
        for (index, side) in poolScales.enumerated() {
            let path = "decode_head.psp_modules.\(index)"
            let means = builder.averagePooled(path + ".0", coarsest, side: side)
            let convolved = try builder.convolutionBlock(path + ".1", means)
            parts.append(builder.resized(path, convolved, like: coarsest))
        }
        let pooled = try builder.convolutionBlock(
            "decode_head.bottleneck", builder.stacked("decode_head.pooled", parts))
        var sums = try maps.dropLast().enumerated().map { level, map in
            try builder.convolutionBlock("decode_head.lateral_convs.\(level)", map)
        }
        sums.append(pooled)
        for level in sums.indices.dropFirst().reversed() {
            let finer = sums[level - 1]
            let enlarged = builder.resized("decode_head.enlarged.\(level)", sums[level], like: finer)
            sums[level - 1] = builder.sum("decode_head.sums.\(level - 1)", finer, enlarged)
        }
        var levels: [FeatureMap] = []
        for (level, sum) in sums.enumerated() {
            let convolved =
                level < sums.count - 1 ? try builder.convolutionBlock("decode_head.fpn_convs.\(level)", sum) : sum
            levels.append(builder.resized("decode_head.levels.\(level)", convolved, like: sums[0]))
        }
        let fused = try builder.fusion(
            "decode_head.fpn_bottleneck", fusion, builder.stacked("decode_head.stacked", levels), outputs: channels,
            normalizes: true)
        return try builder.scores("decode_head.conv_seg", fused)
    }
}
