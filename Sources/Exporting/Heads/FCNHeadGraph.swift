import Models

extension FCNHeadSpecification: HeadGraph {
    /// Mirrors `FCNHead`.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        guard var x = features.maps.last else { throw ExportError("the graph has no map that a head could take") }
        if maps == .all, features.maps.count > 1 {
            let resized = features.maps.enumerated().map {
                builder.resized("decode_head.resized.\($0)", $1, like: features.maps[0])
            }
            x = builder.stacked("decode_head.stacked", resized)
        }
        for index in 0..<convolutions {
            x = try builder.fusion("decode_head.convs.\(index)", fusion, x, outputs: channels, normalizes: true)
        }
        return try builder.scores("decode_head.conv_seg", x)
    }
}
