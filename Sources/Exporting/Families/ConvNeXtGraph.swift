import Models

extension GraphBuilder {
    /// Mirrors `ConvNeXt`.
    mutating func convnext(_ model: ConvNeXtSpecification, _ images: FeatureMap) throws {
        var x = try layerNorm("stem.1", try convolution("stem.0", images, stride: model.stemStride))
        for (stage, depth) in model.depths.enumerated() {
            if stage > 0 {
                x = try layerNorm("stages.\(stage).downsample.0", x)
                x = try convolution("stages.\(stage).downsample.1", x, stride: 2)
            }
            for block in 0..<depth { x = try convnextBlock("stages.\(stage).blocks.\(block)", x) }
        }
        let pooled = averagePooled("pool", x)
        _ = try linear("head.fc", try layerNorm("head.norm", pooled), output: ONNXModel.outputName)
    }

    private mutating func convnextBlock(_ path: String, _ x: FeatureMap) throws -> FeatureMap {
        let mixed = try layerNorm(path + ".norm", try convolution(path + ".conv_dw", x, padding: 3))
        let hidden = try linear(path + ".mlp.fc1", mixed.name)
        let branch = try linear(path + ".mlp.fc2", gelu(path, hidden))
        let base = channelsLast(x)
        return base.renamed(try residual(path, base.name, branch, gamma: path + ".gamma"))
    }
}
