import Foundation

/// Computes ONNX graphs operator by operator, as the operators' descriptions say, in double precision: slow, and apart
/// from everything that it checks.
struct Interpreter {
    let model: ONNXReader

    /// The outputs for inputs by name.
    func run(_ inputs: [String: Axes]) throws -> [String: Axes] {
        var values = inputs
        for (name, constant) in model.constants {
            values[name] = Axes(constant.shape, constant.numbers)
        }
        for node in model.nodes {
            let operands = try node.inputs.map { name in
                // An operand that is left out.
                if name.isEmpty { return Axes([0], []) }
                guard let value = values[name] else {
                    throw ONNXReader.Damage(reason: "\(node.name) reads \(name), which is computed nowhere before it")
                }
                return value
            }
            let results = try evaluate(node, operands)
            for (name, result) in zip(node.outputs, results) {
                guard values.updateValue(result, forKey: name) == nil else {
                    throw ONNXReader.Damage(reason: "\(name) is computed twice")
                }
            }
        }
        return Dictionary(uniqueKeysWithValues: model.outputs.map { ($0.name, values[$0.name] ?? Axes([0], [])) })
    }

    private func evaluate(_ node: ONNXReader.Node, _ x: [Axes]) throws -> [Axes] {
        func integer(_ name: String) -> Int { node.attributes[name]?.integer ?? 0 }
        func integers(_ name: String) -> [Int] { node.attributes[name]?.integers ?? [] }
        func axis(_ rank: Int) -> Int { integer("axis") < 0 ? integer("axis") + rank : integer("axis") }
        let epsilon = Double(node.attributes["epsilon"]?.float ?? 0)
        if let simple = simple(node, x) { return simple }
        switch node.kind {
        case "Add": return [.combined(x[0], x[1], +)]
        case "Sub": return [.combined(x[0], x[1], -)]
        case "Mul": return [.combined(x[0], x[1], *)]
        case "Div": return [.combined(x[0], x[1], /)]
        case "Clip": return [x[0].map { min(max($0, x[1].values[0]), x[2].values[0]) }]
        case "MatMul": return [.product(x[0], x[1])]
        case "Erf": return [x[0].map(erf)]
        case "Identity": return [x[0]]
        case "InstanceNormalization": return [instanceNormalized(x, epsilon)]
        case "GridSample": return [sampled(x[0], x[1])]
        case "Max": return [.combined(x[0], x[1], max)]
        case "Relu": return [x[0].map { max($0, 0) }]
        case "Sigmoid": return [x[0].map { 1 / (1 + exp(-$0)) }]
        case "Transpose": return [x[0].transposed(integers("perm"))]
        case "Concat": return [.concatenated(x, axis: axis(x[0].shape.count))]
        case "Split":
            var start = 0
            return x[1].values.map { width in
                defer { start += Int(width) }
                return x[0].sliced(axis: axis(x[0].shape.count), start..<start + Int(width))
            }
        case "Reshape":
            return [Axes(x[1].values.enumerated().map { $1 == 0 ? x[0].shape[$0] : Int($1) }, x[0].values)]
        case "Shape":
            return [
                Axes(
                    [integer("end") - integer("start")],
                    x[0].shape[integer("start")..<integer("end")].map { Double($0) })
            ]
        case "Expand":
            return [Axes(Axes.broadcastShape(x[0].shape, x[1].values.map { Int($0) })) { x[0].broadcast($0) }]
        case "LayerNormalization": return [normalized(x, epsilon)]
        case "BatchNormalization":
            return [
                Axes(x[0].shape) { i in
                    let c = i[1]
                    return (x[0][i] - x[3].values[c]) / (x[4].values[c] + epsilon).squareRoot() * x[1].values[c]
                        + x[2].values[c]
                }
            ]
        case "Softmax":
            let width = x[0].shape[x[0].shape.count - 1]
            precondition(axis(x[0].shape.count) == x[0].shape.count - 1)
            return [
                Axes(
                    x[0].shape,
                    rows(x[0], width).flatMap { row in
                        let powers = row.map { exp($0 - row.max()!) }
                        let sum = powers.reduce(0, +)
                        return powers.map { $0 / sum }
                    })
            ]
        case "ReduceMean":
            precondition(integer("keepdims") == 0)
            return [mean(x[0], integers("axes"))]
        case "Pad":
            let pads = x[1].values.map { Int($0) }
            let rank = x[0].shape.count
            return [
                Axes((0..<rank).map { x[0].shape[$0] + pads[$0] + pads[rank + $0] }) { index in
                    let source = zip(index, pads).map { $0 - $1 }
                    let isInside = zip(source, x[0].shape).allSatisfy { (0..<$1).contains($0) }
                    return isInside ? x[0][source] : x[2].values[0]
                }
            ]
        case "Conv":
            return [
                windows(node, x[0], channels: x[1].shape[0]) { image, channel, places in
                    let weight = x[1]
                    let inputs = weight.shape[1]
                    let group = channel / (weight.shape[0] / integer("group"))
                    var sum = x.count > 2 ? x[2].values[channel] : 0
                    for place in places {
                        for c in 0..<inputs {
                            sum +=
                                x[0][[image, group * inputs + c, place.y, place.x]]
                                * weight[[channel, c, place.row, place.column]]
                        }
                    }
                    return sum
                }
            ]
        case "MaxPool":
            return [
                windows(node, x[0], channels: x[0].shape[1]) { image, channel, places in
                    places.map { x[0][[image, channel, $0.y, $0.x]] }.max() ?? -.infinity
                }
            ]
        case "ConvTranspose": return [transposedConvolution(node, x)]
        case "DepthToSpace": return [pixels(x[0], factor: integer("blocksize"))]
        case "Resize": return [resized(node, x[0], x[3].values.map { Int($0) })]
        case "Gather":
            let axis = axis(x[0].shape.count)
            var shape = x[0].shape
            shape[axis] = x[1].count
            return [
                Axes(shape) { index in
                    var source = index
                    source[axis] = Int(x[1].values[index[axis]])
                    return x[0][source]
                }
            ]
        default: throw ONNXReader.Damage(reason: "the operator \(node.kind) is not known")
        }
    }

    private func rows(_ x: Axes, _ width: Int) -> [ArraySlice<Double>] {
        stride(from: 0, to: x.count, by: width).map { x.values[$0..<$0 + width] }
    }

    private func normalized(_ x: [Axes], _ epsilon: Double) -> Axes {
        let width = x[1].count
        return Axes(
            x[0].shape,
            rows(x[0], width).flatMap { row in
                let mean = row.reduce(0, +) / Double(width)
                let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
                return row.enumerated().map { i, value in
                    (value - mean) / (variance + epsilon).squareRoot() * x[1].values[i] + x[2].values[i]
                }
            })
    }

    private func mean(_ x: Axes, _ axes: [Int]) -> Axes {
        let kept = x.shape.indices.filter { !axes.contains($0) }
        var sums = Axes(kept.map { x.shape[$0] }) { _ in 0 }
        let count = axes.reduce(1) { $0 * x.shape[$1] }
        let strides = x.strides
        for (position, value) in x.values.enumerated() {
            let target = kept.reduce(0) { $0 * x.shape[$1] + position / strides[$1] % x.shape[$1] }
            sums.values[target] += value / Double(count)
        }
        return sums
    }

    private typealias Place = (row: Int, column: Int, y: Int, x: Int)

    /// A value for each window of a map [N, C, H, W] that the node's kernel, strides and pads make, from the places
    /// within the map.
    private func windows(
        _ node: ONNXReader.Node, _ map: Axes, channels: Int, _ value: (Int, Int, [Place]) -> Double
    ) -> Axes {
        let kernel = node.attributes["kernel_shape"]!.integers
        let strides = node.attributes["strides"]!.integers
        let pads = node.attributes["pads"]!.integers
        let dilations = node.attributes["dilations"]?.integers ?? [1, 1]
        func extent(_ i: Int) -> Int {
            (map.shape[2 + i] + pads[i] + pads[2 + i] - dilations[i] * (kernel[i] - 1) - 1) / strides[i] + 1
        }
        return Axes([map.shape[0], channels, extent(0), extent(1)]) { index in
            var places: [Place] = []
            for row in 0..<kernel[0] {
                let y = index[2] * strides[0] + dilations[0] * row - pads[0]
                guard (0..<map.shape[2]).contains(y) else { continue }
                for column in 0..<kernel[1] {
                    let x = index[3] * strides[1] + dilations[1] * column - pads[1]
                    if (0..<map.shape[3]).contains(x) { places.append((row, column, y, x)) }
                }
            }
            return value(index[0], index[1], places)
        }
    }
}
