/// A constant of a graph: a parameter in the shape the graph needs it, or sizes that an operator takes as a tensor.
struct Initializer {
    enum Elements {
        case floats([Float])
        case integers([Int])
        case doubles([Double])
        /// Half precision, by the bits.
        case halves([UInt16])
        case signedBytes([Int8])
        case bytes([UInt8])
        case shortIntegers([Int32])
    }

    let name: String
    let shape: [Int]
    let elements: Elements

    /// Little-endian, in row-major order.
    var rawBytes: [UInt8] {
        switch elements {
        case .floats(let values): values.withUnsafeBytes(Array.init)
        case .integers(let values): values.map(Int64.init).withUnsafeBytes(Array.init)
        case .doubles(let values): values.withUnsafeBytes(Array.init)
        case .halves(let values): values.withUnsafeBytes(Array.init)
        case .signedBytes(let values): values.withUnsafeBytes(Array.init)
        case .bytes(let values): values
        case .shortIntegers(let values): values.withUnsafeBytes(Array.init)
        }
    }

    /// The number of the element type in the format.
    var type: Int {
        switch elements {
        case .floats: ElementType.float
        case .integers: ElementType.integer
        case .doubles: ElementType.double
        case .halves: ElementType.half
        case .signedBytes: ElementType.signedByte
        case .bytes: ElementType.byte
        case .shortIntegers: ElementType.shortInteger
        }
    }
}

/// Numbers of element types in the format (`TensorProto.DataType`).
enum ElementType {
    static let float = 1
    static let byte = 2
    static let signedByte = 3
    static let shortInteger = 6
    static let integer = 7
    static let half = 10
    static let double = 11
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
    /// Whether it is a batch of images as bytes [batch, height, width, channels], whose height and width are free and 0 in
    /// the shape.
    public let isImage: Bool

    /// A value of that name, its shape given without the batch.
    public init(name: String, shape: [Int], isInteger: Bool = false) {
        self.name = name
        self.shape = shape
        self.isInteger = isInteger
        isImage = false
    }

    /// Images of any size as bytes.
    init(image name: String, channels: Int) {
        self.name = name
        shape = [0, 0, channels]
        (isInteger, isImage) = (false, true)
    }

    /// The number of its element type, and the extents: those that are free as words.
    var type: Int { isInteger ? ElementType.integer : isImage ? ElementType.byte : ElementType.float }

    /// Each extent as a number, or as a word where it is free.
    public var extents: [String] {
        ["batch"] + (isImage ? ["height", "width", "\(shape[2])"] : shape.map(String.init))
    }
}

/// A model that cannot be exported, in one sentence.
public struct ExportError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The sentence.
    public let description: String

    /// An error of one sentence.
    public init(_ description: String) { self.description = description }
}
