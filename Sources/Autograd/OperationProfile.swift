import Tensors

/// Adds up the time that operations take on tapes that carry this profile. The forward time of an operation runs from
/// the end of the operation before it.
public final class OperationProfile {
    /// The sums for one operation.
    public struct Entry: Sendable {
        /// How often it ran.
        public var calls = 0
        /// Time of its runs.
        public var forwardSeconds = 0.0
        /// Time of its gradients.
        public var backwardSeconds = 0.0
        /// Of the results, and of the gradients of the operands.
        public var forwardBytes = 0
        /// Of the gradients of the operands.
        public var backwardBytes = 0

        /// Nothing so far.
        public init() {}

        /// Time in both directions.
        public var seconds: Double { forwardSeconds + backwardSeconds }
        /// Bytes written in both directions.
        public var bytes: Int { forwardBytes + backwardBytes }

        /// Adds what happened once.
        public mutating func add(_ event: Event) {
            if event.isBackward {
                backwardSeconds += event.end - event.start
                backwardBytes += event.bytes
            } else {
                calls += 1
                forwardSeconds += event.end - event.start
                forwardBytes += event.bytes
            }
        }
    }

    /// One operation once, in one direction.
    public struct Event: Sendable {
        /// What ran.
        public let operation: Operation
        /// The layer that it belongs to, empty outside of layers.
        public let path: String
        /// Whether it was the gradient.
        public let isBackward: Bool
        /// Seconds of the profile's clock.
        public let start: Double
        /// Seconds of the profile's clock.
        public let end: Double
        /// Of what it wrote: the results, or the gradients of the operands.
        public let bytes: Int
    }

    /// The sums by operation.
    public private(set) var entries: [Operation: Entry] = [:]
    /// Everything that happened, in order; empty unless the profile keeps it.
    public private(set) var events: [Event] = []
    private let keepsEvents: Bool
    private let clock: () -> Double
    private var last: Double

    /// - Parameter keepsEvents: whether single events are kept beside the sums.
    public init(keepsEvents: Bool = false, clock: @escaping () -> Double) {
        self.keepsEvents = keepsEvents
        self.clock = clock
        last = clock()
    }

    /// Starts the clock for the next operation.
    public func mark() { last = clock() }

    /// Enters what was done outside of tapes since the last operation.
    public func note(_ operation: Operation) { add(operation, "", isBackward: false, bytes: 0) }

    func forward<S>(_ operation: Operation, _ path: String, _ outputs: [Tensor<S>]) {
        add(operation, path, isBackward: false, bytes: size(outputs.map(Optional.some)))
    }

    func backward(_ operation: Operation, _ path: String, bytes: Int) {
        add(operation, path, isBackward: true, bytes: bytes)
    }

    func size<S>(_ tensors: [Tensor<S>?]) -> Int {
        tensors.reduce(0) { $0 + ($1?.shape.elementCount ?? 0) } * MemoryLayout<S>.stride
    }

    private func add(_ operation: Operation, _ path: String, isBackward: Bool, bytes: Int) {
        let now = clock()
        let event = Event(
            operation: operation, path: path, isBackward: isBackward, start: last, end: now, bytes: bytes)
        entries[operation, default: Entry()].add(event)
        if keepsEvents { events.append(event) }
        last = now
    }
}
