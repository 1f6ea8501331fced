import Models

extension UNetHeadSpecification: HeadGraph {
    /// Mirrors `UNetHead`.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        guard var x = features.maps.last else { throw ExportError("the graph has no map that a head could take") }
        for (number, skip) in features.maps.dropLast().reversed().enumerated() {
            let path = "up\(number + 1)"
            let larger =
                bilinear
                ? builder.resized(
                    path + ".up", x, height: 2 * x.height, width: 2 * x.width, .bilinear(alignCorners: true))
                : try builder.transposedConvolution(path + ".up", x, stride: 2)
            let both = builder.stacked(path + ".both", [skip, builder.fitted(path + ".fitted", larger, to: skip)])
            x = try builder.doubleConvolution(path + ".conv", both)
        }
        return try builder.scores("outc.conv", x)
    }
}

extension GraphBuilder {
    /// Mirrors `Variable.fitted`.
    fileprivate mutating func fitted(_ name: String, _ map: FeatureMap, to skip: FeatureMap) -> FeatureMap {
        let (rows, columns) = (skip.height - map.height, skip.width - map.width)
        guard (0...1).contains(rows), (0...1).contains(columns) else { return resized(name, map, like: skip) }
        if rows == 0, columns == 0 { return map }
        var result = channelsFirst(map)
        result.name = node("Pad", name, [result.name, sizes([0, 0, 0, 0, 0, 0, rows, columns]), number(0)])
        (result.height, result.width) = (skip.height, skip.width)
        return result
    }
}
