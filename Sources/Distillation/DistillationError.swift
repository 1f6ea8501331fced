// Distillation: what a student learns from teachers; neither data nor runs are known here.

/// A pool, an order or a set of taps that cannot be distilled with, in one sentence.
public struct DistillationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One sentence.
    public let description: String

    /// An error in one sentence.
    public init(_ description: String) { self.description = description }
}

func quoted(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
