import Tensors

/// How a parameter's first values are drawn.
public enum Initializer: Sendable, Equatable {
    case constant(Double)
    /// These values, in our layout.
    case values([Double])
    /// A normal distribution around 0.
    case normal(deviation: Double)
    /// Uniform within sqrt(6 / (fan-in + fan-out)); Glorot and Bengio, 2010.
    case xavierUniform
    /// A normal distribution with deviation sqrt(2 / fan-out); He et al., 2015, as torchvision's ResNet uses it.
    case kaimingNormalFanOut
    /// Uniform within +- bound.
    case uniform(bound: Double)
    /// Uniform within 1 / sqrt(fan-in): PyTorch's default for linear layers and convolutions.
    case uniformFanIn
    /// Uniform within sqrt(3 / fan-in), which keeps the variance of the input: He's rule without a rectifier behind.
    case varianceFanIn
    /// Uniform within sqrt(6 / fan-in); He et al., 2015.
    case kaimingUniformFanIn
}

/// What a parameter does, which decides weight decay and how gradient checks redraw it.
public enum ParameterRole: String, Sendable {
    case weight, bias, gain, layerScale, spectrum
}

/// A handle that a layer keeps for one of its parameters; the values live in a `ParameterStore`.
public struct Parameter: Sendable, Hashable {
    /// The position among the list's parameters.
    public let index: Int
    /// In our layout.
    public let shape: Shape
}

/// A handle for a value that is not trained but belongs to the model, such as a running mean.
public struct BufferHandle: Sendable, Hashable {
    /// The position among the list's buffers.
    public let index: Int
    /// Of its values.
    public let shape: Shape
}

/// What a model declares: the names, shapes and first values of its parameters and buffers, in PyTorch's order.
public struct ParameterList: Sendable {
    /// One parameter.
    public struct Entry: Sendable {
        /// The dotted name, as in a PyTorch state dict.
        public let name: String
        /// In our layout.
        public let shape: Shape
        /// How it lies here and in files.
        public let layout: ParameterLayout
        /// What it does.
        public let role: ParameterRole
        /// How its first values are drawn.
        public let initializer: Initializer
        /// The position in the flat buffer, a multiple of 16 elements.
        public let offset: Int
        /// Whether it keeps its values from the start, as the factors and offsets of frozen batch norms do.
        public fileprivate(set) var isHeld = false
        /// Its elements in the flat buffer.
        public var range: Range<Int> { offset..<offset + shape.elementCount }
        /// The shape in a PyTorch state dict.
        public var fileShape: [Int] { layout.fileShape(shape) }
        /// One-dimensional parameters are exempt from weight decay, as in timm, and biases of more axes too: a table of
        /// relative positions is the bias of attention's scores.
        public var isDecayed: Bool { fileShape.count > 1 && role != .bias }

        /// The number of inputs and outputs that one element of a weight connects.
        public var fans: (input: Int, output: Int) { layout.fans(shape) }
    }

    /// One buffer.
    public struct BufferEntry: Sendable {
        /// The dotted name, as in a PyTorch state dict.
        public let name: String
        /// Of its values.
        public let shape: Shape
        /// The first value of each element.
        public let initial: Double
        /// Stored as a 64-bit integer in files, as `num_batches_tracked` is.
        public let isInteger: Bool
        /// Whether files may lack it, as those of other libraries lack what only training changes: it then keeps its first
        /// value.
        public let isOptional: Bool

        /// The same for integers, which `Double` would round.
        package func problem(_ values: [Int]) -> String? {
            guard isInteger, let bad = values.first(where: { !(0...1 << 53).contains($0) }) else { return nil }
            return "is \(bad), expected a whole number from 0 to 2^53"
        }

        /// Why values from a file cannot be the buffer's, a sentence that goes on from its name; nil when they can.
        package func problem(_ values: [Double]) -> String? {
            guard isInteger else {
                return values.allSatisfy(\.isFinite) ? nil : "holds a value that is not finite"
            }
            guard let bad = values.first(where: { !($0 >= 0 && $0 <= 0x1p53 && $0 == $0.rounded()) }) else {
                return nil
            }
            return "is \(bad), expected a whole number from 0 to 2^53"
        }
    }

    /// The parameters in the order in which they were declared.
    public private(set) var entries: [Entry] = []
    /// The buffers in the order in which they were declared.
    public private(set) var buffers: [BufferEntry] = []
    /// The length of the flat buffer, padding included.
    public private(set) var flatCount = 0
    private var names: Set<String> = []
    /// The first parameter that makes the list too large to be counted.
    private var overflowing: String?

    /// The number of trainable numbers.
    public var parameterCount: Int { entries.reduce(0) { $0 + $1.shape.elementCount } }

    /// The list itself, when its numbers can be counted.
    /// - Throws: `ModelError` that names the first parameter whose shape is beyond any memory.
    public func checked() throws -> ParameterList {
        guard let overflowing else { return self }
        throw ModelError("the model is too large for any memory, its parameter \(overflowing) at the latest")
    }

    /// Holds the factors and offsets of all batch norms declared so far: those beside a running mean.
    mutating func holdNorms() {
        let suffix = "running_mean"
        let norms = Set(buffers.filter { $0.name.hasSuffix(suffix) }.map { $0.name.dropLast(suffix.count) })
        for index in entries.indices where entries[index].shape.rank == 1 {
            let name = entries[index].name
            let word = name.split(separator: ".").last ?? ""
            if norms.contains(name.dropLast(word.count)) { entries[index].isHeld = true }
        }
    }

    /// Holds one parameter.
    mutating func hold(_ parameter: Parameter) { entries[parameter.index].isHeld = true }

    mutating func add(
        _ name: String, _ shape: Shape, _ layout: ParameterLayout, _ role: ParameterRole, _ initializer: Initializer
    ) -> Parameter {
        require(names.insert(name).inserted, "parameter \(name)", [shape], "the name is taken")
        let count = ParameterList.paddedCount(shape)
        // Far below the largest number, so that sums and bytes can be counted as well.
        let isCounted = count.map { $0 <= 1 << 48 && flatCount <= 1 << 48 } ?? false
        if !isCounted, overflowing == nil { overflowing = "\(name) \(shape)" }
        entries.append(
            Entry(
                name: name, shape: isCounted ? shape : Shape(shape.dimensions.map { _ in 0 }), layout: layout,
                role: role, initializer: initializer, offset: flatCount))
        if isCounted { flatCount += count ?? 0 }
        return Parameter(index: entries.count - 1, shape: shape)
    }

    /// The elements of a shape, rounded up to whole blocks of 16; nil for a negative extent or more than `Int` holds.
    private static func paddedCount(_ shape: Shape) -> Int? {
        var count = 1
        for extent in shape.dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow || extent < 0 { return nil }
            count = product
        }
        return count <= .max - 15 ? (count + 15) / 16 * 16 : nil
    }

    mutating func addBuffer(
        _ name: String, _ shape: Shape, initial: Double, isInteger: Bool, isOptional: Bool
    ) -> BufferHandle {
        require(names.insert(name).inserted, "buffer \(name)", [shape], "the name is taken")
        buffers.append(
            BufferEntry(name: name, shape: shape, initial: initial, isInteger: isInteger, isOptional: isOptional))
        return BufferHandle(index: buffers.count - 1, shape: shape)
    }
}
