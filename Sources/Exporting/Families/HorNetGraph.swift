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
        let mixed = try gnConv(path + ".gnconv", normed, order: order, mixer: mixer, gateScale: gateScale)
        let y = try residual(path + ".mixed", x.name, mixed, gamma: path + ".gamma1")
        let hidden = try linear(path + ".pwconv1", try layerNorm(path + ".norm2", y))
        let branch = try linear(path + ".pwconv2", gelu(path, hidden))
        return x.renamed(try residual(path, y, branch, gamma: path + ".gamma2"))
    }

    private mutating func gnConv(
        _ path: String, _ x: FeatureMap, order: Int, mixer: HorNetSpecification.Mixer, gateScale: Double
    ) throws -> String {
        let widths = (0..<order).map { x.channels >> (order - 1 - $0) }
        var gates = x
        gates.channels = widths.reduce(0, +)
        let parts = split(
            path + ".parts", try linear(path + ".proj_in", x.name), [widths[0], gates.channels], axis: 3)
        gates.name = parts[1]
        switch mixer {
        case .depthwise7x7: gates = try convolution(path + ".dwconv", gates, padding: 3)
        case .globalFilter: gates = try globalLocalFilter(path + ".dwconv", gates)
        }
        let scaled = node("Mul", path + ".gates.scaled", [channelsLast(gates).name, number(gateScale)])
        let factors = split(path + ".gates", scaled, widths, axis: 3)
        var y = node("Mul", path + ".gated.0", [parts[0], factors[0]])
        for k in 0..<order - 1 {
            y = node("Mul", "\(path).gated.\(k + 1)", [try linear("\(path).pws.\(k)", y), factors[k + 1]])
        }
        return try linear(path + ".proj_out", y)
    }
}
