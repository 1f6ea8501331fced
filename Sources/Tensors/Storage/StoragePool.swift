import Synchronization

/// Hands out 64-byte aligned memory and keeps what comes back, so that from the second step on a training step takes
/// nothing from the system. Thread-safe.
public final class StoragePool: Sendable {
    /// The pool of the process.
    public static let shared = StoragePool()

    /// What the pool holds and has done so far.
    public struct Statistics: Sendable, Equatable {
        /// Bytes taken from the system, in use or waiting.
        public var bytesHeld = 0
        /// Bytes in use now.
        public var bytesInUse = 0
        /// The largest `bytesInUse` since the last `resetPeak()`.
        public var peakBytesInUse = 0
        /// How often memory was taken from the system.
        public var systemAllocations = 0
        /// Blocks in use now: the number of live tensor storages.
        public var liveBlocks = 0
    }

    private struct State: ~Copyable {
        var free: [Int: [UInt]] = [:]
        var statistics = Statistics()
    }

    private let state = Mutex(State())

    /// What is held and used now.
    public var statistics: Statistics { state.withLock { $0.statistics } }

    /// Starts the search for the largest `bytesInUse` anew, from what is in use now.
    public func resetPeak() { state.withLock { $0.statistics.peakBytesInUse = $0.statistics.bytesInUse } }

    /// Sizes are rounded up to an eighth of their power of two, so that at most an eighth is wasted and tensors of
    /// nearly equal size share blocks.
    static func blockSize(_ bytes: Int) -> Int {
        if bytes <= 256 { return 256 }
        // Beyond any memory, which is told where it is asked for.
        if bytes > .max / 2 { return bytes }
        let step = max(64, (1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)) / 8)
        return (bytes + step - 1) / step * step
    }

    func take(size: Int) -> UnsafeMutableRawPointer {
        var before = 0
        let waiting: UInt? = state.withLock { state in
            before = state.statistics.bytesHeld
            state.statistics.liveBlocks += 1
            state.statistics.bytesInUse += size
            state.statistics.peakBytesInUse = max(state.statistics.peakBytesInUse, state.statistics.bytesInUse)
            if let block = state.free[size]?.popLast() { return block }
            state.statistics.systemAllocations += 1
            state.statistics.bytesHeld += size
            return nil
        }
        if let waiting, let pointer = UnsafeMutableRawPointer(bitPattern: waiting) { return pointer }
        return SystemMemory.take(size, alignment: size >= 4096 ? 4096 : 64, inUse: before)
    }

    func give(_ pointer: UnsafeMutableRawPointer, size: Int) {
        state.withLock { state in
            state.statistics.liveBlocks -= 1
            state.statistics.bytesInUse -= size
            state.free[size, default: []].append(UInt(bitPattern: pointer))
        }
    }
}
