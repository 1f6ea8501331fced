import Models

extension ResNetSpecification: BackboneGraph {
    /// Mirrors `ResNet`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        let isLarge = stem == .large
        var x = try builder.convolution("conv1", images, stride: isLarge ? 2 : 1, padding: isLarge ? 3 : 1)
        x = try builder.batchNorm("bn1", x)
        x.name = builder.node("Relu", "relu", [x.name])
        if isLarge { x = builder.maxPooled("maxpool", x, kernel: 3, stride: 2, padding: 1) }
        var maps: [FeatureMap] = []
        for (stage, depth) in depths.enumerated() {
            for block in 0..<depth {
                x = try builder.resnetBlock(
                    "layer\(stage + 1).\(block)", x, self, width: width(stage),
                    stride: stage > 0 && block == 0 ? 2 : 1,
                    // What reads a stage's maps has its warehouse.
                    warehouses: (block == 0 ? max(0, stage - 1) : stage, stage))
            }
            maps.append(x)
        }
        return GraphFeatures(maps: maps, poolName: "avgpool")
    }
}

extension GraphBuilder {
    fileprivate mutating func resnetBlock(
        _ path: String, _ x: FeatureMap, _ model: ResNetSpecification, width: Int, stride: Int,
        warehouses: (entry: Int, rest: Int)
    ) throws -> FeatureMap {
        // The kernel, stride and groups of each convolution; the widths are those of the weights.
        let chain: [(kernel: Int, stride: Int, groups: Int)] =
            switch model.block {
            case .basic: [(3, stride, 1), (3, 1, 1)]
            case .bottleneck: [(1, 1, 1), (3, stride, model.grouping?.groups ?? 1), (1, 1, 1)]
            }
        var y = x
        for (i, link) in chain.enumerated() {
            if i > 0 { y.name = node("Relu", "\(path).relu\(i)", [y.name]) }
            y = try convolution(
                "\(path).conv\(i + 1)", y, model.kernels, warehouse: i == 0 ? warehouses.entry : warehouses.rest,
                kernel: link.kernel, stride: link.stride, groups: link.groups)
            y = try batchNorm("\(path).bn\(i + 1)", y)
        }
        var kept = x
        if stride != 1 || x.channels != width {
            switch model.shortcut {
            case .projection:
                kept = try convolution(
                    path + ".downsample.0", x, model.kernels, warehouse: warehouses.entry, kernel: 1, stride: stride)
                kept = try batchNorm(path + ".downsample.1", kept)
            case .padding:
                if stride > 1 { kept = maxPooled(path + ".thinned", x, kernel: 1, stride: stride, padding: 0) }
                let side = (width - x.channels) / 2
                if side > 0 {
                    kept.name = node(
                        "Pad", path + ".padded", [kept.name, sizes([0, side, 0, 0, 0, side, 0, 0]), number(0)])
                }
            }
        }
        return y.renamed(node("Relu", path, [try residual(path + ".sum", kept.name, y.name)]))
    }
}
