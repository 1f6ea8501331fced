import Models

extension EnlargingHeadSpecification: HeadGraph {
    /// Mirrors `EnlargingHead`; the output is the large image [N, 3, scale H, scale W].
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        guard var x = features.maps.last else { throw ExportError("the graph has no map that a head could take") }
        for (index, factor) in steps.enumerated() {
            let path = "upsample.\(index)"
            var wide = try builder.convolution(path, x, padding: 1)
            wide.name = builder.node(
                "DepthToSpace", path + ".pixels", [wide.name], ["blocksize": .integer(factor), "mode": .word("CRD")])
            x = FeatureMap(
                name: wide.name, height: factor * wide.height, width: factor * wide.width,
                channels: wide.channels / (factor * factor), isChannelsFirst: true)
        }
        let colors = try builder.convolution("tail", x, padding: 1)
        let result = try builder.convolution("add_mean.shifter", colors, output: ONNXModel.outputName)
        return [GraphValue(name: result.name, shape: [result.channels, result.height, result.width])]
    }
}
