import Models

extension UNetSpecification: BackboneGraph {
    /// Mirrors `UNet`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var maps = [try builder.doubleConvolution("inc", images)]
        for level in 1..<depths.count + 1 {
            let path = "down\(level).maxpool_conv"
            let halved = builder.maxPooled(path + ".0", maps[maps.count - 1], kernel: 2, stride: 2, padding: 0)
            maps.append(try builder.doubleConvolution(path + ".1", halved))
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    /// Mirrors `DoubleConvolution`.
    mutating func doubleConvolution(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        let first = try convolutionBlock(path + ".double_conv", map, convolution: "0", norm: "1")
        return try convolutionBlock(path + ".double_conv", first, convolution: "3", norm: "4")
    }
}
