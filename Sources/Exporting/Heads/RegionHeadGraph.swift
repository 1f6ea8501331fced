import Models

extension RegionHeadSpecification: HeadGraph {
    /// Mirrors the first stage of `RegionHead`, as maps.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        guard builder.objects == nil else {
            throw ExportError(
                "a \(kind.rawValue) has no graph from images to objects; retinanet and reppoints have one")
        }
        var (objectness, deltas): ([FeatureMap], [FeatureMap]) = ([], [])
        for map in features.maps {
            let seen = builder.relu(
                "rpn_head.rpn_conv.relu", try builder.convolution("rpn_head.rpn_conv", map, padding: 1))
            objectness.append(try builder.convolution("rpn_head.rpn_cls", seen))
            deltas.append(try builder.convolution("rpn_head.rpn_reg", seen))
        }
        return builder.results("objectness", objectness) + builder.results("deltas", deltas)
    }
}
