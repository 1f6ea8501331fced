// Graph: nodes for single layers, which the graphs of whole models are put together from.

import Layers
import Tensors

/// Puts a graph together node by node from a state dict. A node is named after the layer it belongs to, its result
/// after the node: that is how nodes refer to values.
public struct GraphBuilder {
    var nodes: [Node] = []
    var initializers: [Initializer] = []
    /// The rows and columns of the images.
    public let imageSize: Pair
    /// Which candidates a detector's graph gives as objects; `nil` for the maps of its head.
    let objects: ObjectLimits?
    /// Of the maps that the head is given, fine to coarse, where they are known.
    let strides: [Int]?
    /// What layers are given and make, for a graph of 8-bit integers; `nil` for one of floats.
    let ranges: ActivationRanges?
    /// Layers that will run in 8-bit integers, by their result, and those whose range is not known.
    var quantized: [String: QuantizedLayer] = [:]
    var unquantized: [String] = []
    private let tensors: [String: NamedArray<Float>]
    private var taken: Set<String> = []
    private var constants: Set<String> = []
    /// The same map in the other layout, by the name of its value.
    private var turned: [String: String] = [:]

    private var batch: String?

    /// - Parameter tensors: under PyTorch's names and in its order.
    init(
        tensors: [NamedArray<Float>], imageSize: Pair, objects: ObjectLimits? = nil, strides: [Int]? = nil,
        ranges: ActivationRanges? = nil
    ) {
        self.ranges = ranges
        self.imageSize = imageSize
        self.objects = objects
        self.strides = strides
        self.tensors = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    }

    /// A tensor of the state dict; nil when there is none of that name.
    public func optionalTensor(_ name: String) -> NamedArray<Float>? { tensors[name] }

    /// A tensor of the state dict.
    /// - Throws: `ExportError` when there is none of that name or its shape has another rank.
    public func tensor(_ name: String, rank: Int) throws -> NamedArray<Float> {
        guard let tensor = tensors[name] else {
            throw ExportError("the weights have no \(name), which the model needs")
        }
        guard tensor.shape.count == rank else {
            throw ExportError("\(name) has the shape \(tensor.shape), expected \(rank) axes")
        }
        return tensor
    }

    /// Adds an operator and returns the names of its results.
    public mutating func node(
        _ kind: String, _ name: String, _ inputs: [String], _ attributes: [String: Attribute] = [:], results: Int
    ) -> [String] {
        var unique = name
        var outputs: [String] = []
        for number in 1... {
            unique = number == 1 ? name : "\(name).\(number)"
            outputs = results == 1 ? [unique] : (0..<results).map { "\(unique).\($0)" }
            if taken.isDisjoint(with: outputs + [unique]) { break }
        }
        taken.formUnion(outputs + [unique])
        nodes.append(Node(name: unique, kind: kind, inputs: inputs, outputs: outputs, attributes: attributes))
        return outputs
    }

    /// Adds an operator with one result and returns the result's name.
    public mutating func node(
        _ kind: String, _ name: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]
    ) -> String { node(kind, name, inputs, attributes, results: 1)[0] }

    /// A constant, kept once under its name.
    public mutating func constant(_ name: String, _ shape: [Int], _ values: @autoclosure () -> [Float]) -> String {
        if constants.insert(name).inserted {
            initializers.append(Initializer(name: name, shape: shape, elements: .floats(values())))
        }
        return name
    }

    /// A constant of any type, kept once under its name.
    mutating func constant(_ name: String, _ shape: [Int], of elements: @autoclosure () -> Initializer.Elements)
        -> String
    {
        if constants.insert(name).inserted {
            initializers.append(Initializer(name: name, shape: shape, elements: elements()))
        }
        return name
    }

    /// A number, kept once.
    public mutating func number(_ value: Double) -> String { constant("number \(value)", [], [Float(value)]) }

    /// A list of sizes, kept once.
    public mutating func sizes(_ values: [Int]) -> String {
        let name = "sizes " + values.map(String.init).joined(separator: " ")
        if constants.insert(name).inserted {
            initializers.append(Initializer(name: name, shape: [values.count], elements: .integers(values)))
        }
        return name
    }

    /// Whole numbers, kept once under their name.
    public mutating func indices(_ name: String, _ values: @autoclosure () -> [Int]) -> String {
        if constants.insert(name).inserted {
            let values = values()
            initializers.append(Initializer(name: name, shape: [values.count], elements: .integers(values)))
        }
        return name
    }

    /// The number of images as a list of one size, computed once.
    mutating func batchSize() -> String {
        if let batch { return batch }
        let size = node("Shape", "batch_size", [ONNXModel.inputName], ["start": .integer(0), "end": .integer(1)])
        batch = size
        return size
    }

    /// A parameter as it is in the state dict.
    public mutating func parameter(_ name: String, rank: Int) throws -> String {
        let tensor = try tensor(name, rank: rank)
        return constant(name, tensor.shape, tensor.values)
    }

    /// The map with its channels first, [N, C, H, W].
    public mutating func channelsFirst(_ map: FeatureMap) -> FeatureMap {
        map.isChannelsFirst ? map : turn(map, [0, 3, 1, 2])
    }

    /// The map with its channels last, [N, H, W, C].
    public mutating func channelsLast(_ map: FeatureMap) -> FeatureMap {
        map.isChannelsFirst ? turn(map, [0, 2, 3, 1]) : map
    }

    private mutating func turn(_ map: FeatureMap, _ order: [Int]) -> FeatureMap {
        var result = map
        result.isChannelsFirst.toggle()
        if let known = turned[map.name] {
            result.name = known
        } else {
            let suffix = map.isChannelsFirst ? ".channels_last" : ".channels_first"
            result.name = node("Transpose", map.name + suffix, [map.name], ["perm": .integers(order)])
            turned[map.name] = result.name
            turned[result.name] = map.name
        }
        return result
    }
}

/// A batch of maps in a graph: pointwise layers and norms want its channels last, convolutions want them first.
public struct FeatureMap: Sendable {
    /// Of the value.
    public var name: String
    /// Rows of the map.
    public var height: Int
    /// Columns of the map.
    public var width: Int
    /// Channels of the map.
    public var channels: Int
    /// Whether the value is [N, C, H, W] rather than [N, H, W, C].
    public var isChannelsFirst: Bool

    /// A value as a batch of maps.
    public init(name: String, height: Int, width: Int, channels: Int, isChannelsFirst: Bool) {
        self.name = name
        self.height = height
        self.width = width
        self.channels = channels
        self.isChannelsFirst = isChannelsFirst
    }

    /// The same map after something that keeps its shape.
    public func renamed(_ name: String) -> FeatureMap {
        var copy = self
        copy.name = name
        return copy
    }
}
