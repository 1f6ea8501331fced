import Models

extension HDSRNetSpecification: BackboneGraph {
    /// Mirrors `HDSRNet`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        let centered = try builder.convolution("sub_mean.shifter", images)
        var above = builder.relu("upper.0.relu", try builder.convolution("upper.0", centered, padding: 1))
        for group in 0..<groups {
            above = try builder.heterogeneousGroup(first: 1 + 3 * group, above, experts: experts)
        }
        var said: [FeatureMap] = []
        var below = centered
        for layer in 0..<3 * groups + 1 {
            let path = "lower.\(layer)"
            said.append(builder.relu(path + ".relu", try builder.convolution(path, below, padding: 1)))
            let mirror = 3 * groups - layer
            below = mirror < layer ? builder.sum(path + ".sum", said[layer], said[mirror]) : said[layer]
        }
        let (first, second) = (builder.channelsFirst(above), builder.channelsFirst(below))
        return GraphFeatures(maps: [first.renamed(builder.node("Mul", "product", [first.name, second.name]))])
    }
}

extension GraphBuilder {
    /// Mirrors `HeterogeneousGroup`.
    fileprivate mutating func heterogeneousGroup(
        first: Int, _ map: FeatureMap, experts: Int
    ) throws -> FeatureMap {
        let paths = (first..<first + 3).map { "upper.\($0)" }
        let spread = relu(paths[0] + ".relu", try convolution(paths[0], map, padding: 2, dilation: 2))
        let mixed = relu(paths[1] + ".relu", try temperedConvolution(paths[1], spread, experts: experts))
        let last = relu(paths[2] + ".relu", try convolution(paths[2], mixed, padding: 1))
        return sum(paths[2] + ".sum", last, map)
    }

    /// Mirrors `TemperedConvolution`: what all experts say of an image, times their shares. The number of images is free, so
    /// that kernels of their own cannot be mixed.
    private mutating func temperedConvolution(_ path: String, _ map: FeatureMap, experts: Int) throws -> FeatureMap {
        let input = channelsFirst(map)
        let channels = input.channels
        let mean = averagePooled(path + ".mean", input)
        let hidden = node("Relu", path + ".attention.relu", [try linear(path + ".attention.net.0", mean)])
        let scores = try linear(path + ".attention.net.2", hidden)
        let tempered = node("Mul", path + ".tempered", [scores, number(1 / HDSRNetSpecification.temperature)])
        let shares = node(
            "Reshape", path + ".shares.row",
            [node("Softmax", path + ".shares", [tempered], ["axis": .integer(-1)]), sizes([0, 1, experts])])
        let offsets = node(
            "Reshape", path + ".offsets", [try parameter(path + ".bias", rank: 2), sizes([experts * channels])])
        let said = node(
            "Conv", path, [input.name, try parameter(path + ".weight", rank: 4), offsets],
            [
                "group": .integer(1), "kernel_shape": .integers([3, 3]), "pads": .integers([1, 1, 1, 1]),
                "strides": .integers([1, 1]),
            ])
        let rows = node(
            "Reshape", path + ".experts", [said, sizes([0, experts, channels * input.height * input.width])])
        let mixed = node("MatMul", path + ".mixed", [shares, rows])
        return input.renamed(
            node("Reshape", path + ".map", [mixed, sizes([0, channels, input.height, input.width])]))
    }
}
