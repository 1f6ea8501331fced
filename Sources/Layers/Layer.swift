// Layers: the protocol, what a forward pass carries along, and models of any kind.

import Autograd
import Tensors

/// A part of a model: a struct that was built from a `Scope` and holds handles, never values, so one layer serves every
/// precision and thread.
public protocol Layer: Sendable {
    /// Applies the layer.
    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S>

    /// The shape pass: checks that the layer accepts a shape, enters its multiply-adds and returns the shape of the
    /// result. It runs before anything else, so that no configuration reaches a broken rule.
    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape
}

/// A configuration that makes no model, in one sentence that names the part.
public struct ModelError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The sentence.
    public let description: String
    /// An error of one sentence.
    public init(_ description: String) { self.description = description }
}

/// What the shape pass finds: a tree of layers with their results' shapes, parameters and multiply-adds for one sample.
public final class ModelTrace {
    /// A layer, or a part of the model that has layers.
    public struct Node: Sendable {
        /// The last part of its path, or what stands for it.
        public let name: String
        /// What it is, in words: "linear 64 -> 10".
        public let kind: String
        /// The shape of its result for one image.
        public var output: Shape = []
        /// Of this layer without its parts.
        public var ownParameters = 0
        /// Likewise, for one image.
        public var ownMultiplyAdds = 0
        /// What a batch norm finds its statistics over; nil for other layers.
        public var batchStatistics: BatchStatistics?
        /// Its parts, in order.
        public var children: [Node] = []

        /// Of this layer with its parts.
        public var parameters: Int { children.reduce(ownParameters) { $0.addingWithinBounds($1.parameters) } }
        /// Multiply-adds of convolutions and products for one sample; gates, norms, activations and the transforms of
        /// global filters are not counted.
        public var multiplyAdds: Int { children.reduce(ownMultiplyAdds) { $0.addingWithinBounds($1.multiplyAdds) } }

        fileprivate mutating func clearMultiplyAdds() {
            ownMultiplyAdds = 0
            for index in children.indices { children[index].clearMultiplyAdds() }
        }

        fileprivate mutating func clearParameters() {
            ownParameters = 0
            for index in children.indices { children[index].clearParameters() }
        }

        /// Of what the layer computes with and does not give out, such as the scores of attention.
        var scratch = 0
        /// The elements of the largest array that one sample needs, here or below.
        public var largestArray: Int {
            children.reduce(max(scratch, Int.product(output.dimensions))) { max($0, $1.largestArray) }
        }
    }

    /// The values that a batch norm takes its statistics over.
    public struct BatchStatistics: Sendable {
        /// The norm's factors.
        public let gain: Parameter
        /// The norm's offsets.
        public let bias: Parameter
        /// Values per channel that one image brings.
        public let values: Int
    }

    private var stack: [Node]
    private var holdsStatistics = false

    /// An empty tree whose root is called after the model.
    public init(model: String) { stack = [Node(name: model, kind: "")] }

    /// The whole model.
    public var root: Node { stack[0] }

    /// What a layer is called in the tree: the last part of its dotted path.
    public static func name(of path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }

    /// Runs the shape pass of a part and enters it under its name.
    @discardableResult
    public func enter(
        _ name: String, _ kind: String, parameters: [Parameter] = [], _ body: () throws -> (Shape, multiplyAdds: Int)
    ) rethrows -> Shape {
        stack.append(Node(name: name, kind: kind))
        defer {
            let node = stack.removeLast()
            stack[stack.count - 1].children.append(node)
        }
        let (shape, multiplyAdds) = try body()
        stack[stack.count - 1].output = shape
        stack[stack.count - 1].ownMultiplyAdds = multiplyAdds
        stack[stack.count - 1].ownParameters = parameters.reduce(0) { $0 + $1.shape.elementCount }
        return shape
    }

    /// As above, for a part that works in training alone: its parameters are entered, and no multiply-adds, since an image
    /// that is asked about does not meet it.
    public func enterForTraining(_ name: String, _ kind: String, _ body: () throws -> Shape) rethrows {
        try enter(name, kind + ", in training alone") { (try body(), 0) }
        let node = stack.count - 1
        stack[node].children[stack[node].children.count - 1].clearMultiplyAdds()
    }

    /// As `enter`, for a part whose layers are entered already and work once more: its multiply-adds are entered, and no
    /// parameters.
    public func enterAgain(_ name: String, _ kind: String, _ body: () throws -> Shape) rethrows {
        try enter(name, kind) { (try body(), 0) }
        let node = stack.count - 1
        stack[node].children[stack[node].children.count - 1].clearParameters()
    }

    /// Runs a part of the shape pass in which batch norms take no statistics of batches.
    package func holdingStatistics<T>(_ holds: Bool, _ body: () throws -> T) rethrows -> T {
        let before = holdsStatistics
        holdsStatistics = holds
        defer { holdsStatistics = before }
        return try body()
    }

    /// The current part is a batch norm over so many values per channel of one image.
    func takesBatchStatistics(_ gain: Parameter, _ bias: Parameter, values: Int) {
        if holdsStatistics { return }
        stack[stack.count - 1].batchStatistics = BatchStatistics(gain: gain, bias: bias, values: values)
    }

    /// Elements that the current part computes with beside its result.
    package func note(scratch: Int) { stack[stack.count - 1].scratch = max(stack[stack.count - 1].scratch, scratch) }

    /// Parameters that belong to the current part itself, such as a layer scale.
    public func add(parameters: [Parameter]) {
        stack[stack.count - 1].ownParameters += parameters.reduce(0) { $0 + $1.shape.elementCount }
    }
}

extension Int {
    /// The product of factors of at least 0; the largest number where it is beyond that. Whoever compares it with a limit
    /// needs no more.
    package static func product(_ factors: [Int]) -> Int {
        factors.reduce(1) { result, factor in
            let (product, overflow) = result.multipliedReportingOverflow(by: factor)
            return overflow ? .max : product
        }
    }

    package static func product(_ factors: Int...) -> Int { product(factors) }

    /// The sum of numbers of at least 0, likewise.
    func addingWithinBounds(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
