import Tensors

/// The name of a differentiable operation, as the tape, gradient checks and reports show it.
public struct Operation: Hashable, Sendable, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }

    public var description: String { name }
}
