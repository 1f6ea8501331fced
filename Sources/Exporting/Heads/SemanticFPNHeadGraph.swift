import Models

extension SemanticFPNHeadSpecification: HeadGraph {
    /// Mirrors `SemanticFPNHead`.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        var sum: FeatureMap?
        for (level, map) in features.maps.enumerated() {
            let path = "decode_head.scale_heads.\(level)"
            // A level that is not doubled has one layer, the others one before each doubling; the places between them are
            // the doublings.
            let layers = (0..<64).prefix { builder.optionalTensor("\(path).\(2 * $0).conv.weight") != nil }
            // The model goes by strides, of which the graph knows the sizes.
            let finest = features.maps[0]
            let doubles = map.height < finest.height || map.width < finest.width
            var x = map
            for index in layers {
                x = try builder.convolutionBlock("\(path).\(2 * index)", x)
                if doubles {
                    x = builder.resized(
                        "\(path).\(2 * index + 1)", x, height: 2 * x.height, width: 2 * x.width)
                }
            }
            sum =
                sum.map { before in
                    builder.sum(path + ".sum", before, builder.resized(path + ".fitted", x, like: before))
                } ?? x
        }
        guard let sum else { throw ExportError("the graph has no map that a head could take") }
        return try builder.scores("decode_head.conv_seg", sum)
    }
}
