import Tensors

/// A number that a layer changes while it is trained, such as the temperature of an attention: from `first` to `last` in a
/// straight line over the first epochs, `last` from then on. In training it is a function of `Context.epochs` alone, so
/// that a resumed run goes on exactly. A buffer keeps what it was at the latest update, so that a model which is asked
/// while it is trained answers as it was trained.
public struct AnnealedValue: Sendable {
    /// When training begins.
    public let first: Double
    /// After `epochs`, and where no training run says how far it is.
    public let last: Double
    /// How many epochs it takes; 0 for `last` from the beginning.
    public let epochs: Double
    private let buffer: BufferHandle

    /// Declares the buffer `scope.name`, which files may lack.
    public init(_ scope: Scope, _ name: String, first: Double, last: Double, epochs: Double) {
        (self.first, self.last, self.epochs) = (first, last, epochs)
        buffer = scope.buffer(name, [], initial: last, isOptional: true)
    }

    /// The number after so many epochs.
    public func value(epochs passed: Double) -> Double {
        epochs > 0 && passed < epochs ? first + (last - first) * max(0, passed) / epochs : last
    }

    /// The number now; a training step leaves it in the buffer.
    func callAsFunction<S: Scalar>(_ context: Context<S>) -> S {
        guard context.isTraining, let passed = context.epochs else { return context.current(buffer).item }
        let now = Tensor(S(value(epochs: passed)))
        context.updates.set(buffer, now)
        return now.item
    }
}
