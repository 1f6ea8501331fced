import Foundation

/// Operators on single numbers, on sizes, and on bytes.
extension Interpreter {
    func simple(_ node: ONNXReader.Node, _ x: [Axes]) -> [Axes]? {
        func integer(_ name: String) -> Int { node.attributes[name]?.integer ?? 0 }
        switch node.kind {
        case "Cast": return [integer("to") == 7 ? x[0].map { $0.rounded(.towardZero) } : x[0]]
        case "Floor": return [x[0].map { $0.rounded(.down) }]
        case "Round": return [x[0].map { $0.rounded(.toNearestOrEven) }]
        case "Abs": return [x[0].map { abs($0) }]
        case "Neg": return [x[0].map { -$0 }]
        case "Sign": return [x[0].map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }]
        case "Min": return [.combined(x[0], x[1], min)]
        case "Less": return [.combined(x[0], x[1]) { $0 < $1 ? 1 : 0 }]
        case "Where":
            let shape = Axes.broadcastShape(x[0].shape, Axes.broadcastShape(x[1].shape, x[2].shape))
            return [Axes(shape) { x[0].broadcast($0) != 0 ? x[1].broadcast($0) : x[2].broadcast($0) }]
        case "Range":
            let values = Array(stride(from: x[0].values[0], to: x[1].values[0], by: x[2].values[0]))
            return [Axes([values.count], values)]
        case "Squeeze": return [Axes(x[0].shape.filter { $0 != 1 }, x[0].values)]
        case "Unsqueeze":
            var shape = x[0].shape
            shape.insert(1, at: Int(x[1].values[0]))
            return [Axes(shape, x[0].values)]
        case "ReduceSum":
            precondition(x[1].values == [1] && x[0].shape.count == 2)
            let width = x[0].shape[1]
            return [
                Axes([x[0].shape[0], 1]) { index in
                    x[0].values[index[0] * width..<(index[0] + 1) * width].reduce(0, +)
                }
            ]
        case "Slice":
            var result = x[0]
            for (number, axis) in x[3].values.enumerated() {
                result = result.sliced(axis: Int(axis), Int(x[1].values[number])..<Int(x[2].values[number]))
            }
            return [result]
        case "QuantizeLinear":
            precondition(x[1].count == 1)
            return [
                x[0].map { value in
                    min(max((value / x[1].values[0]).rounded(.toNearestOrEven) + x[2].values[0], 0), 255)
                }
            ]
        case "DequantizeLinear":
            let axis = integer("axis")
            return [
                Axes(x[0].shape) { index in
                    let channel = x[1].shape.isEmpty ? 0 : index[axis]
                    return (x[0][index] - x[2].values[channel]) * x[1].values[channel]
                }
            ]
        default: return nil
        }
    }
}
