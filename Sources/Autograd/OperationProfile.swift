import Tensors

/// Adds up the time that operations take on tapes that carry this profile. The forward time of an operation runs from
/// the end of the operation before it.
public final class OperationProfile {
    public struct Entry: Sendable {
        public var calls = 0
        public var forwardSeconds = 0.0
        public var backwardSeconds = 0.0
    }

    public private(set) var entries: [Operation: Entry] = [:]
    private let clock: () -> Double
    private var last: Double

    public init(clock: @escaping () -> Double) {
        self.clock = clock
        last = clock()
    }

    /// Starts the clock for the next operation.
    public func mark() { last = clock() }

    func forward(_ operation: Operation) {
        let now = clock()
        entries[operation, default: Entry()].calls += 1
        entries[operation, default: Entry()].forwardSeconds += now - last
        last = now
    }

    func backward(_ operation: Operation) {
        let now = clock()
        entries[operation, default: Entry()].backwardSeconds += now - last
        last = now
    }
}
