import Models

extension MobileNetV2Specification: BackboneGraph {
    /// Mirrors `MobileNetV2`.
    public func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures {
        var x = try builder.convolution("features.0.0", images, stride: stem == .large ? 2 : 1, padding: 1)
        x = builder.relu6("features.0", try builder.batchNorm("features.0.1", x))
        var maps: [FeatureMap] = []
        var number = 1
        for (stage, depth) in depths.enumerated() {
            let isLast = stage == depths.count - 1
            for _ in 0..<depth - (isLast ? 1 : 0) {
                x = try builder.invertedResidual("features.\(number)", x, stride: stride(ofBlock: number), kernels) {
                    $0.relu6($1, $2)
                }
                number += 1
            }
            if isLast {
                let path = "features.\(number)"
                x = try builder.convolution(path + ".0", x, kernels, warehouse: 0, kernel: 1, stride: 1)
                x = builder.relu6(path, try builder.batchNorm(path + ".1", x))
            }
            maps.append(x)
        }
        return GraphFeatures(maps: maps)
    }
}

extension GraphBuilder {
    /// min(max(x, 0), 6).
    mutating func relu6(_ name: String, _ map: FeatureMap) -> FeatureMap {
        map.renamed(node("Clip", name + ".relu6", [map.name, number(0), number(6)]))
    }

    /// Mirrors `InvertedResidual`.
    mutating func invertedResidual(
        _ path: String, _ x: FeatureMap, stride: Int, _ kernels: KernelSpecification? = nil,
        _ activation: (inout GraphBuilder, String, FeatureMap) -> FeatureMap
    ) throws -> FeatureMap {
        let expands = optionalTensor("\(path).conv.2.weight")?.shape.count != 1
        var y = channelsFirst(x)
        for step in 0..<(expands ? 3 : 2) {
            let isLast = step == (expands ? 2 : 1)
            let isDepthwise = step == (expands ? 1 : 0)
            let name = "\(path).conv.\(step)"
            let convolution = isLast ? name : name + ".0"
            y = try self.convolution(
                convolution, y, kernels, warehouse: 0, kernel: isDepthwise ? 3 : 1, stride: isDepthwise ? stride : 1,
                groups: isDepthwise ? y.channels : 1)
            y = try batchNorm(isLast ? "\(path).conv.\(step + 1)" : name + ".1", y)
            if !isLast { y = activation(&self, name, y) }
        }
        return stride == 1 && y.channels == x.channels ? sum(path + ".sum", x, y) : y
    }
}
