import CKernels
import Synchronization

/// Hands out 64-byte aligned memory and keeps what comes back, so that from the second step on a training step takes
/// nothing from the system. Thread-safe.
///
/// Large blocks are cut from one piece of memory (`Arena`). Small ones, and those that the threads of a kernel take beside
/// each other, wait in lists by size: in which order threads come must not decide what fits.
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

    /// Where memory is, and how it goes back.
    struct Block {
        let pointer: UnsafeMutableRawPointer
        let size: Int
        fileprivate let isCut: Bool
    }

    private struct State: ~Copyable {
        var free: [Int: [UInt]] = [:]
        var arena = Arena()
        var statistics = Statistics()

        mutating func enter(_ size: Int) {
            statistics.liveBlocks += 1
            statistics.bytesInUse += size
            statistics.peakBytesInUse = max(statistics.peakBytesInUse, statistics.bytesInUse)
        }

        mutating func grew(by bytes: Int) {
            statistics.systemAllocations += 1
            statistics.bytesHeld += bytes
        }
    }

    /// Blocks from this size on are cut from the arena.
    private static let large = 1 << 16

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

    func take(_ bytes: Int) -> Block {
        if bytes >= Self.large, bytes <= .max / 2, !hb_in_worker() {
            let size = (bytes + Arena.page - 1) / Arena.page * Arena.page
            let address: UInt = state.withLock { state in
                let (start, new) = state.arena.take(size, inUse: state.statistics.bytesHeld)
                state.enter(size)
                if new > 0 { state.grew(by: new) }
                return start
            }
            guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else {
                brokenRule("StoragePool", [], "there is no memory at the address 0")
            }
            return Block(pointer: pointer, size: size, isCut: true)
        }
        let size = Self.blockSize(bytes)
        var before = 0
        let waiting: UInt? = state.withLock { state in
            before = state.statistics.bytesHeld
            state.enter(size)
            if let block = state.free[size]?.popLast() { return block }
            state.grew(by: size)
            return nil
        }
        let pointer =
            waiting.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
            ?? SystemMemory.take(size, alignment: size >= Arena.page ? Arena.page : 64, inUse: before)
        return Block(pointer: pointer, size: size, isCut: false)
    }

    func give(_ block: Block) {
        let address = UInt(bitPattern: block.pointer)
        state.withLock { state in
            state.statistics.liveBlocks -= 1
            state.statistics.bytesInUse -= block.size
            if block.isCut {
                state.arena.give(address, block.size)
            } else {
                state.free[block.size, default: []].append(address)
            }
        }
    }

    /// What `body` takes comes from where the threads of a kernel take theirs.
    static func asForThreads(_ body: () -> Void) {
        let before = hb_in_worker()
        hb_set_in_worker(true)
        body()
        hb_set_in_worker(before)
    }
}
