import Models

extension ConvNeXtSpecification: BackboneGraph {
    /// Mirrors `ConvNeXt`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var x = try builder.layerNorm("stem.1", try builder.convolution("stem.0", images, stride: stemStride))
        var maps: [FeatureMap] = []
        for (stage, depth) in depths.enumerated() {
            if stage > 0 {
                x = try builder.layerNorm("stages.\(stage).downsample.0", x)
                x = try builder.convolution("stages.\(stage).downsample.1", x, stride: 2)
            }
            for block in 0..<depth { x = try builder.convnextBlock("stages.\(stage).blocks.\(block)", x) }
            maps.append(x)
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    fileprivate mutating func convnextBlock(_ path: String, _ x: FeatureMap) throws -> FeatureMap {
        let mixed = try layerNorm(path + ".norm", try convolution(path + ".conv_dw", x, padding: 3))
        let hidden = try linear(path + ".mlp.fc1", mixed.name)
        let branch = try linear(path + ".mlp.fc2", gelu(path, hidden))
        let base = channelsLast(x)
        return base.renamed(try residual(path, base.name, branch, gamma: path + ".gamma"))
    }
}
