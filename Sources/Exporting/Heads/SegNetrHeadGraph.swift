import Models

extension SegNetrHeadSpecification: HeadGraph {
    /// Mirrors `SegNetrHead`.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        guard let last = features.maps.last, features.maps.count == 5 else {
            throw ExportError("the graph has \(features.maps.count) maps, but the head segnetr needs 5")
        }
        var x = try builder.convolution("decoder.reduce", last)
        for (number, map) in features.maps.dropLast().reversed().enumerated() {
            let path = "decoder.stages.\(number)"
            let enlarged = builder.resized(path + ".enlarged", x, like: map)
            let skip = irsc ? builder.everySecondChannel(path + ".skip", map) : map
            x = try builder.segnetrBlock(
                path, builder.stacked(path + ".both", [enlarged, skip]), patch: [2, 4, 8, 8][number],
                globalBranch: globalBranch)
        }
        return try builder.scores("decoder.classifier", x)
    }
}

extension GraphBuilder {
    fileprivate mutating func everySecondChannel(_ name: String, _ map: FeatureMap) -> FeatureMap {
        var result = channelsFirst(map)
        result.channels = map.channels / 2
        result.name = node(
            "Gather", name, [result.name, sizes((0..<result.channels).map { 2 * $0 })], ["axis": .integer(1)])
        return result
    }
}
