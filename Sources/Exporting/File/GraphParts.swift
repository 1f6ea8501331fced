/// A constant of a graph: a parameter in the shape the graph needs it, or sizes that an operator takes as a tensor.
struct Initializer {
    enum Elements {
        case floats([Float])
        case integers([Int])
    }

    let name: String
    let shape: [Int]
    let elements: Elements

    /// Little-endian, in row-major order.
    var rawBytes: [UInt8] {
        switch elements {
        case .floats(let values): values.withUnsafeBytes(Array.init)
        case .integers(let values): values.map(Int64.init).withUnsafeBytes(Array.init)
        }
    }
}

/// What an operator is told beside its operands.
public enum Attribute: Sendable {
    /// A whole number.
    case integer(Int)
    /// A number in single precision.
    case float(Double)
    /// Whole numbers.
    case integers([Int])
    /// A word.
    case word(String)
}

/// One operator with named operands and results.
struct Node {
    let name: String
    let kind: String
    let inputs: [String]
    let outputs: [String]
    /// In alphabetical order in the file.
    let attributes: [String: Attribute]
}

/// A batch of any number of rows or maps, of floats but for labels, that goes into a graph or comes out of it.
public struct GraphValue: Sendable, Equatable {
    /// Of the value in the graph.
    public let name: String
    /// Without the batch, which is the first axis and free.
    public let shape: [Int]
    /// Whether it holds 64-bit integers.
    public let isInteger: Bool

    /// A value of that name, its shape given without the batch.
    public init(name: String, shape: [Int], isInteger: Bool = false) {
        self.name = name
        self.shape = shape
        self.isInteger = isInteger
    }
}

/// A model that cannot be exported, in one sentence.
public struct ExportError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The sentence.
    public let description: String

    /// An error of one sentence.
    public init(_ description: String) { self.description = description }
}
