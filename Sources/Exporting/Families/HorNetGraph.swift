import Models

extension HorNetSpecification: BackboneGraph {
    /// Mirrors `HorNet`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var x = try builder.convolution(
            "downsample_layers.0.0", images, stride: stemStride, padding: stemStride == 1 ? 1 : 0)
        x = try builder.layerNorm("downsample_layers.0.1", x)
        var maps: [FeatureMap] = []
        for (stage, depth) in depths.enumerated() {
            if stage > 0 {
                x = try builder.layerNorm("downsample_layers.\(stage).0", x)
                x = try builder.convolution("downsample_layers.\(stage).1", x, stride: 2)
            }
            for block in 0..<depth {
                x = try builder.hornetBlock(
                    "stages.\(stage).\(block)", x, order: orders[stage], mixer: mixers[stage], gateScale: gateScale)
            }
            maps.append(x)
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    fileprivate mutating func hornetBlock(
        _ path: String, _ x: FeatureMap, order: Int, mixer: HorNetSpecification.Mixer, gateScale: Double
    ) throws -> FeatureMap {
        let x = channelsLast(x)
        let normed = try layerNorm(path + ".norm1", x)
        let mixed = try gnConv(
            path + ".gnconv", normed, widths: (0..<order).map { x.channels >> (order - 1 - $0) },
            globalFilter: mixer != .depthwise7x7, gateScale: gateScale)
        let y = try residual(path + ".mixed", x.name, mixed, gamma: path + ".gamma1")
        let hidden = try linear(path + ".pwconv1", try layerNorm(path + ".norm2", y))
        let branch = try linear(path + ".pwconv2", gelu(path, hidden))
        return x.renamed(try residual(path, y, branch, gamma: path + ".gamma2"))
    }
}
