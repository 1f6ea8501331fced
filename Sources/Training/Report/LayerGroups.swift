import JSON
import Layers
import Reporting
import Tensors

/// Weights and gradients of the model's larger parts, a line of `report/histograms.jsonl` per epoch.
struct LayerGroups {
    private var groups: [(name: String, ranges: [Range<Int>])] = []

    /// Weights proper alone: gains and biases would blur the picture. Parts are `stages.0`, `head` and the like.
    init(_ list: ParameterList) {
        for entry in list.entries where entry.isDecayed {
            let parts = entry.name.split(separator: ".")
            let count = parts.count > 1 && Int(parts[1]) != nil ? 2 : 1
            let name = parts.prefix(count).joined(separator: ".")
            if let index = groups.firstIndex(where: { $0.name == name }) {
                groups[index].ranges.append(entry.range)
            } else {
                groups.append((name, [entry.range]))
            }
        }
    }

    func json(weights: Storage<Float>, gradients: Storage<Float>) -> JSONValue {
        func histogram(_ storage: Storage<Float>, _ ranges: [Range<Int>]) -> JSONValue {
            let pieces = ranges.map {
                UnsafeBufferPointer(start: UnsafePointer(storage.pointer + $0.lowerBound), count: $0.count)
            }
            return Histogram(pieces).json
        }
        return .array(
            groups.map { group in
                [
                    "name": .string(group.name), "weights": histogram(weights, group.ranges),
                    "gradients": histogram(gradients, group.ranges),
                ]
            })
    }
}
