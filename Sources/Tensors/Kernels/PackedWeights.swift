import Synchronization

/// Weights that a model is asked about again and again: in which precision its products are made, and the weights in the
/// order in which products read them, brought into it once instead of in every call. The packed copies take as much memory
/// as the weights themselves, half of it in bfloat16, so this is for programs that only ask: training packs for each call and
/// keeps nothing.
///
/// Copies are made when a product needs them first. A change of the weights that `Storage.noteChange` was told of drops
/// them all. Bits are those of products without copies.
package final class PackedWeights: Sendable {
    /// What products of this task look into when they read a weight; nil, as usual, packs in every call.
    @TaskLocal static var current: PackedWeights?

    /// Which part of the weights, in which order.
    struct Key: Hashable, Sendable {
        enum Order: Hashable, Sendable {
            /// Panels of products in a precision.
            case panels(ProductPrecision)
            /// Blocks of 16 channels of a depthwise convolution, whose rows are taps.
            case channels
            /// What a global filter multiplies the frequencies of packed maps with; the stride is the number of a map's positions.
            case frequencies
        }

        let order: Order
        let start: UInt
        let stride: Int
        let isTransposed: Bool
        let rows: Int
        let columns: Int

        init<S>(
            _ order: Order, _ start: UnsafePointer<S>, stride: Int, transposed: Bool = false, rows: Int, columns: Int
        ) {
            (self.order, self.stride, isTransposed) = (order, stride, transposed)
            (self.start, self.rows, self.columns) = (UInt(bitPattern: start), rows, columns)
        }
    }

    private struct State: Sendable {
        var version: Int
        var copies: [Key: any AnyObject & Sendable] = [:]
    }

    private let precision: ProductPrecision?
    private let range: Range<UInt>
    /// Also keeps the weights, so that nothing else comes to lie where they do.
    private let version: @Sendable () -> Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - weights: a model's flat buffer.
    ///   - precision: of all products that are made `whileAsking`; that of the surroundings when absent.
    package init<S>(_ weights: Storage<S>, _ precision: ProductPrecision? = nil) {
        self.precision = precision
        let start = UInt(bitPattern: weights.pointer)
        range = start..<start + UInt(weights.count * MemoryLayout<S>.stride)
        version = { weights.version }
        state = Mutex(State(version: weights.version))
    }

    /// Calls `body`, in which a model with these weights is asked.
    package func whileAsking<Result>(_ body: () throws -> Result) rethrows -> Result {
        try ProductPrecision.$current.withValue(precision ?? .current) {
            try PackedWeights.$current.withValue(self, operation: body)
        }
    }

    /// The number of packed copies at hand.
    package var count: Int { state.withLock { $0.copies.count } }

    /// A part of the weights in some order, as `pack` brings it there: found where it was packed before, packed anew for what
    /// is no weight, and where nothing is kept.
    static func packed<S>(_ key: Key, _ pack: () -> Storage<S>) -> Storage<S> {
        guard let weights = current, weights.range.contains(key.start) else { return pack() }
        return weights.copy(key, pack)
    }

    private func copy<S>(_ key: Key, _ pack: () -> Storage<S>) -> Storage<S> {
        let now = version()
        let known = state.withLock { state -> (any AnyObject & Sendable)? in
            if state.version != now { state = State(version: now) }
            return state.copies[key]
        }
        if let known = known as? Storage<S> { return known }
        let made = pack()
        state.withLock { if $0.version == now { $0.copies[key] = made } }
        return made
    }
}
