import Tensors

/// The layers that families share. Values with their channels last are given by name alone.
extension GraphBuilder {
    /// x W^T + b over the last axis; a pointwise convolution's weight serves as well.
    /// - Parameter output: the name of the result; that of the layer when absent.
    public mutating func linear(_ path: String, _ x: String, output: String? = nil) throws -> String {
        let name = path + ".weight"
        guard let weight = optionalTensor(name), weight.shape.count == 2 || weight.shape.count == 4,
            weight.shape.dropFirst(2).allSatisfy({ $0 == 1 })
        else { throw ExportError("the weights have no \(name) of a linear layer, which the model needs") }
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        // Not under the state dict's name, since it is transposed.
        let matrix = constant(
            name + ".transposed", [inputs, outputs],
            (0..<inputs).flatMap { i in (0..<outputs).map { weight.values[$0 * inputs + i] } })
        let layer = { (result: String) in
            QuantizedLayer(
                path: path, result: result, weights: weight.values, shape: [outputs, inputs], isProduct: true,
                maker: path)
        }
        guard optionalTensor(path + ".bias") != nil else {
            let product = node("MatMul", output ?? path, [x, matrix])
            remember(layer(product))
            return product
        }
        let product = node("MatMul", path + ".product", [x, matrix])
        remember(layer(product))
        return node("Add", output ?? path, [product, try parameter(path + ".bias", rank: 1)])
    }

    /// Layer norm over the last axis.
    public mutating func layerNorm(_ path: String, _ x: String, epsilon: Double = 1e-6) throws -> String {
        node(
            "LayerNormalization", path,
            [x, try parameter(path + ".weight", rank: 1), try parameter(path + ".bias", rank: 1)],
            ["axis": .integer(-1), "epsilon": .float(epsilon)])
    }

    /// Layer norm over the channels of a map.
    public mutating func layerNorm(_ path: String, _ map: FeatureMap, epsilon: Double = 1e-6) throws -> FeatureMap {
        let map = channelsLast(map)
        return map.renamed(try layerNorm(path, map.name, epsilon: epsilon))
    }

    /// A convolution of as many groups as its weight says.
    /// - Parameters:
    ///   - pads: zeros above and below, and on the left and the right; `padding` of both when absent.
    ///   - output: the name of the result; that of the layer when absent.
    public mutating func convolution(
        _ path: String, _ map: FeatureMap, stride: Int = 1, padding: Int = 0, pads: Pair? = nil, dilation: Int = 1,
        output: String? = nil
    ) throws -> FeatureMap {
        let pads = pads ?? Pair(padding)
        let input = channelsFirst(map)
        let weight = try tensor(path + ".weight", rank: 4)
        let (kernelHeight, kernelWidth) = (weight.shape[2], weight.shape[3])
        guard weight.shape[1] > 0, map.channels % weight.shape[1] == 0 else {
            throw ExportError(
                "\(path).weight has the shape \(weight.shape), but its input has \(map.channels) channels")
        }
        var inputs = [input.name, try parameter(path + ".weight", rank: 4)]
        if optionalTensor(path + ".bias") != nil { inputs.append(try parameter(path + ".bias", rank: 1)) }
        var attributes: [String: Attribute] = [
            "group": .integer(map.channels / weight.shape[1]),
            "kernel_shape": .integers([kernelHeight, kernelWidth]),
            "pads": .integers([pads.height, pads.width, pads.height, pads.width]),
            "strides": .integers([stride, stride]),
        ]
        if dilation > 1 { attributes["dilations"] = .integers([dilation, dilation]) }
        let name = node("Conv", output ?? path, inputs, attributes)
        remember(
            QuantizedLayer(
                path: path, result: name, weights: weight.values, shape: weight.shape,
                offsets: optionalTensor(path + ".bias")?.values, isProduct: false, maker: path))
        let window = Window(
            kernel: Pair(kernelHeight, kernelWidth), stride: Pair(stride), padding: pads,
            dilation: Pair(dilation))
        let size = window.outputSize(Pair(map.height, map.width))
        return FeatureMap(
            name: name, height: size.height, width: size.width, channels: weight.shape[0], isChannelsFirst: true)
    }

    /// Batch norm with its running statistics.
    public mutating func batchNorm(_ path: String, _ map: FeatureMap, epsilon: Double = 1e-5) throws -> FeatureMap {
        let map = channelsFirst(map)
        if try folded(path, map, epsilon: epsilon) { return map }
        let inputs = try ["weight", "bias", "running_mean", "running_var"].map {
            try parameter("\(path).\($0)", rank: 1)
        }
        return map.renamed(
            node("BatchNormalization", path, [map.name] + inputs, ["epsilon": .float(epsilon)]))
    }

    /// x Phi(x), the exact form.
    public mutating func gelu(_ path: String, _ x: String) -> String {
        let scaled = node("Mul", path + ".gelu.scaled", [x, number(0.5.squareRoot())])
        let error = node("Erf", path + ".gelu.erf", [scaled])
        let share = node("Add", path + ".gelu.share", [error, number(1)])
        let product = node("Mul", path + ".gelu.product", [x, share])
        return node("Mul", path + ".gelu", [product, number(0.5)])
    }

    /// x sigmoid(1.702 x).
    public mutating func quickGELU(_ path: String, _ x: String) -> String {
        let scaled = node("Mul", path + ".quick_gelu.scaled", [x, number(1.702)])
        let share = node("Sigmoid", path + ".quick_gelu.share", [scaled])
        return node("Mul", path + ".quick_gelu", [x, share])
    }

    /// x + gamma branch; without `gamma` where the state dict has none of that name.
    public mutating func residual(_ path: String, _ x: String, _ branch: String, gamma: String? = nil) throws -> String
    {
        var branch = branch
        if let gamma, optionalTensor(gamma) != nil {
            branch = node("Mul", gamma + ".scaled", [branch, try parameter(gamma, rank: 1)])
        }
        return node("Add", path, [x, branch])
    }

    /// Parts of the given widths along an axis.
    public mutating func split(_ name: String, _ x: String, _ widths: [Int], axis: Int) -> [String] {
        if widths.count == 1 { return [x] }
        return node("Split", name, [x, sizes(widths)], ["axis": .integer(axis)], results: widths.count)
    }

    /// Values one behind the other along an axis.
    public mutating func concatenated(_ name: String, _ parts: [String], axis: Int) -> String {
        node("Concat", name, parts, ["axis": .integer(axis)])
    }

    /// The same elements with other sizes after the batch.
    public mutating func reshaped(_ name: String, _ x: String, _ shape: [Int]) -> String {
        // A size of 0 keeps that of the input, here the batch's.
        node("Reshape", name, [x, sizes([0] + shape)])
    }

    /// The same elements with the axes in another order.
    public mutating func transposed(_ name: String, _ x: String, _ order: [Int]) -> String {
        node("Transpose", name, [x], ["perm": .integers(order)])
    }

    /// The maximum over a window, padded with what is less than everything.
    public mutating func maxPooled(
        _ name: String, _ map: FeatureMap, kernel: Int, stride: Int, padding: Int
    ) -> FeatureMap {
        var result = channelsFirst(map)
        result.name = node(
            "MaxPool", name, [result.name],
            [
                "kernel_shape": .integers([kernel, kernel]),
                "pads": .integers([padding, padding, padding, padding]), "strides": .integers([stride, stride]),
            ])
        let window = Window(kernel: Pair(kernel), stride: Pair(stride), padding: Pair(padding))
        let size = window.outputSize(Pair(map.height, map.width))
        (result.height, result.width) = (size.height, size.width)
        return result
    }

    /// The mean over a map's positions, [N, C].
    public mutating func averagePooled(_ name: String, _ map: FeatureMap) -> String {
        node(
            "ReduceMean", name, [map.name],
            ["axes": .integers(map.isChannelsFirst ? [2, 3] : [1, 2]), "keepdims": .integer(0)])
    }
}
