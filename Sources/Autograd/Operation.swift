import Tensors

/// The name of a differentiable operation, as the tape, gradient checks and reports show it.
public struct Operation: Hashable, Sendable, CustomStringConvertible {
    /// The name, unique among operations.
    public let name: String

    /// An operation of that name.
    public init(_ name: String) { self.name = name }

    /// The name.
    public var description: String { name }
}
