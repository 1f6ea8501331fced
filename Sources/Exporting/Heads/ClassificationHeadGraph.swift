import Models

extension ClassificationHead.Form {
    /// Mirrors `ClassificationHead`; the logits come out as `ONNXModel.outputName`.
    func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures, classes: Int) throws -> [GraphValue] {
        guard let map = features.maps.last else { throw ExportError("the graph has no map that a head could take") }
        let vector: String
        switch source {
        case .pooledMap:
            let pooled = builder.averagePooled(features.poolName, map)
            vector = try normalized(&builder, pooled)
        case .normalizedMap:
            let normed = try norm.map { try builder.layerNorm($0, map, epsilon: epsilon) } ?? map
            vector = builder.averagePooled(features.poolName, normed)
        case .classToken:
            guard let token = features.token else { throw ExportError("the graph has no class token for the head") }
            vector = try normalized(&builder, token)
        }
        _ = try builder.linear(linear, vector, output: ONNXModel.outputName)
        return [GraphValue(name: ONNXModel.outputName, shape: [classes])]
    }

    private func normalized(_ builder: inout GraphBuilder, _ x: String) throws -> String {
        try norm.map { try builder.layerNorm($0, x, epsilon: epsilon) } ?? x
    }
}
