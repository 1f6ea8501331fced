/// A convolution or a product whose weights become bytes once the graph is whole: by then it is known which batch norm
/// stands behind it.
struct QuantizedLayer {
    /// Of the layer, by which its range is known.
    let path: String
    /// The node's result.
    let result: String
    /// [channels of the result, ...], times the factors of a batch norm that went into it.
    var weights: [Float]
    /// Of the node's operand: [outputs, inputs, ...] for a convolution, [outputs, inputs] for a product.
    let shape: [Int]
    /// For each channel of the result; nil for none. A product's offset is a node of its own.
    var offsets: [Float]?
    let isProduct: Bool
    /// What made the result: the convolution itself or the batch norm that went into it.
    var maker: String
}

extension GraphBuilder {
    /// Remembers a layer whose range is known; others stay as they are.
    mutating func remember(_ layer: QuantizedLayer) {
        guard let ranges else { return }
        guard ranges.inputs[layer.path] != nil else { return unquantized.append(layer.path) }
        quantized[layer.result] = layer
    }

    /// Takes a batch norm into the convolution before it, where nothing else reads that.
    /// - Returns: whether it went.
    mutating func folded(_ path: String, _ map: FeatureMap, epsilon: Double) throws -> Bool {
        guard var layer = quantized[map.name], !layer.isProduct, layer.maker == layer.path,
            nodes.last?.outputs == [map.name]
        else { return false }
        let parts = try ["weight", "bias", "running_mean", "running_var"].map {
            try tensor("\(path).\($0)", rank: 1).values
        }
        let size = layer.weights.count / layer.shape[0]
        var offsets = layer.offsets ?? Array(repeating: 0, count: layer.shape[0])
        for channel in offsets.indices {
            let factor = parts[0][channel] / (parts[3][channel] + Float(epsilon)).squareRoot()
            for index in channel * size..<(channel + 1) * size { layer.weights[index] *= factor }
            offsets[channel] = (offsets[channel] - parts[2][channel]) * factor + parts[1][channel]
        }
        (layer.offsets, layer.maker) = (offsets, path)
        quantized[map.name] = layer
        return true
    }

    /// Brings weights and activations to bytes, each as a pair of operators that says so: a runtime puts the pairs around a
    /// convolution or a product together to one in integers.
    /// - Parameter outputs: values that leave the graph, which stay floats.
    mutating func quantize(outputs: Set<String>) -> QuantizedLayers {
        guard let ranges else { return QuantizedLayers() }
        var found = QuantizedLayers()
        let scales = byteScales(ranges, outputs: outputs, &found)
        var weights: [Node] = []
        nodes = nodes.map { node in
            guard node.outputs.count == 1, let layer = quantized[node.outputs[0]],
                let scale = scales.all[node.inputs[0]]
            else { return node }
            if !found.layers.contains(layer.path) { found.layers.append(layer.path) }
            return node.reading(operands(layer, scale, &weights, node.inputs[0]))
        }
        for layer in quantized.values.map(\.path) + unquantized where !found.layers.contains(layer) {
            found.others.append(layer)
        }
        insertPairs(scales, weights)
        let read = Set(nodes.flatMap(\.inputs))
        initializers.removeAll { !read.contains($0.name) }
        found.layers.sort()
        found.outputs.sort()
        found.others = Array(Set(found.others)).sorted()
        return found
    }

    // MARK: Where

    /// The values that are brought to bytes, and those of them that all who read them read as bytes.
    private struct Places {
        var all: [String: ByteScale] = [:]
        var forAll: Set<String> = []
    }

    private func byteScales(
        _ ranges: ActivationRanges, outputs: Set<String>, _ found: inout QuantizedLayers
    ) -> Places {
        var places = Places()
        var readers: [String: [Node]] = [:]
        for node in nodes { for input in Set(node.inputs) { readers[input, default: []].append(node) } }
        for node in nodes where node.outputs.count == 1 {
            guard let layer = quantized[node.outputs[0]], let range = ranges.inputs[layer.path] else { continue }
            places.all[node.inputs[0]] = ByteScale(range)
        }
        // From behind, so that what a pooling makes says what it is given.
        for node in nodes.reversed() where node.kind == "MaxPool" {
            if let scale = places.all[node.outputs[0]], places.all[node.inputs[0]] == nil {
                places.all[node.inputs[0]] = scale
                places.forAll.formUnion([node.inputs[0], node.outputs[0]])
            }
        }
        for node in nodes where node.outputs.count == 1 {
            let name = node.outputs[0]
            guard let layer = quantized[name], !layer.isProduct, let range = ranges.outputs[layer.maker] else {
                continue
            }
            let own = readers[name] ?? []
            if own.count == 1, ["Relu", "Clip"].contains(own[0].kind), !outputs.contains(own[0].outputs[0]) {
                // The activation goes into the convolution, and what it makes are the bytes.
                let high = own[0].kind == "Clip" ? min(6, range.upperBound) : range.upperBound
                let made = own[0].outputs[0]
                if places.all[made] == nil { places.all[made] = ByteScale(0...max(0, high)) }
                places.forAll.insert(made)
            } else if !outputs.contains(name) {
                if places.all[name] == nil { places.all[name] = ByteScale(range) }
                places.forAll.insert(name)
                if !found.outputs.contains(layer.maker) { found.outputs.append(layer.maker) }
            }
        }
        return places
    }

    // MARK: What

    /// The operands of a node that reads bytes: what it is given, its weights and its offsets.
    private mutating func operands(
        _ layer: QuantizedLayer, _ given: ByteScale, _ pairs: inout [Node], _ input: String
    ) -> [String] {
        let (name, channels) = (layer.path + ".weight", layer.shape[0])
        let bytes = SignedBytes(layer.weights, channels: channels)
        let rest = bytes.values.count / channels
        let values =
            layer.isProduct
            ? (0..<bytes.values.count).map { bytes.values[$0 % channels * rest + $0 / channels] } : bytes.values
        let shape = layer.isProduct ? [rest, channels] : layer.shape
        let parts = [
            constant(name + ".int8", shape, of: .signedBytes(values)),
            constant(name + ".scale", [channels], of: .floats(bytes.scales)),
            constant(name + ".zero", [channels], of: .signedBytes(Array(repeating: 0, count: channels))),
        ]
        var operands = [input, name + ".dequantized"]
        func add(_ pair: Node) { if !pairs.contains(where: { $0.name == pair.name }) { pairs.append(pair) } }
        add(
            Node(
                name: operands[1], kind: "DequantizeLinear", inputs: parts, outputs: [operands[1]],
                attributes: ["axis": .integer(layer.isProduct ? 1 : 0)]))
        guard let offsets = layer.offsets else { return operands }
        let offset = layer.path + ".offset"
        let steps = bytes.scales.map { $0 * given.scale }
        let whole = zip(offsets, steps).map {
            Int32(clamping: Int((Double($0) / Double($1)).rounded(.toNearestOrEven)))
        }
        let offsetParts = [
            constant(offset + ".int32", [channels], of: .shortIntegers(whole)),
            constant(offset + ".scale", [channels], of: .floats(steps)),
            constant(offset + ".zero", [channels], of: .shortIntegers(Array(repeating: 0, count: channels))),
        ]
        operands.append(offset + ".dequantized")
        add(
            Node(
                name: operands[2], kind: "DequantizeLinear", inputs: offsetParts, outputs: [operands[2]],
                attributes: ["axis": .integer(0)]))
        return operands
    }

    /// Puts the pairs behind the values and has them read.
    private mutating func insertPairs(_ places: Places, _ weights: [Node]) {
        func isRead(_ node: Node, _ name: String) -> Bool {
            if places.forAll.contains(name) { return true }
            if node.outputs.count == 1, quantized[node.outputs[0]] != nil { return node.inputs.first == name }
            return node.kind == "Add" && node.inputs.allSatisfy { places.all[$0] != nil }
        }
        let rewired = nodes.map { node in
            node.reading(
                node.inputs.map { places.all[$0] != nil && isRead(node, $0) ? $0 + ".dequantized" : $0 })
        }
        var result = weights
        let given = Set(nodes.flatMap(\.outputs))
        for name in places.all.keys.sorted() where !given.contains(name) { result += pair(name, places) }
        for node in rewired {
            result.append(node)
            for name in node.outputs where places.all[name] != nil { result += pair(name, places) }
        }
        nodes = result
    }

    private mutating func pair(_ name: String, _ places: Places) -> [Node] {
        guard let scale = places.all[name] else { return [] }
        let parts = [
            constant(name + ".scale", [], of: .floats([scale.scale])),
            constant(name + ".zero", [], of: .bytes([scale.zero])),
        ]
        let quantized = name + ".quantized"
        return [
            Node(
                name: quantized, kind: "QuantizeLinear", inputs: [name] + parts, outputs: [quantized], attributes: [:]),
            Node(
                name: name + ".dequantized", kind: "DequantizeLinear", inputs: [quantized] + parts,
                outputs: [name + ".dequantized"], attributes: [:]),
        ]
    }
}

extension Node {
    /// The same operator with other operands.
    fileprivate func reading(_ inputs: [String]) -> Node {
        Node(name: name, kind: kind, inputs: inputs, outputs: outputs, attributes: attributes)
    }
}
