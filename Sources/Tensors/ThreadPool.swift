import CKernels
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Splits kernels over threads. Work is cut into chunks by size alone, never by the number of threads, so results do
/// not depend on it. A call from inside a chunk, or while another caller has the pool, runs in place.
///
/// A pool and its threads last as long as the process.
public final class ThreadPool: @unchecked Sendable {
    /// The pool of the process, with a thread for each processor that the process may use.
    public static let shared = ThreadPool()

    /// The pool that kernels use: the shared one, unless a test puts one of its own in its place.
    @TaskLocal package static var current = ThreadPool.shared

    /// The most threads that a pool has.
    package static let mostThreads = 1024

    /// The number of threads that work on a call, the caller included. Where the system grants fewer than are asked for,
    /// it is what the system grants.
    public var threads: Int {
        get { wanted.load(ordering: .relaxed) }
        set {
            let count = min(max(1, newValue), Self.mostThreads)
            wanted.store(count, ordering: .relaxed)
            startWorkers(count - 1)
            let available = started.load(ordering: .relaxed) + 1
            if available < count { wanted.store(available, ordering: .relaxed) }
        }
    }

    /// The number of processors that this process may use: those of its affinity mask, or fewer where its control group
    /// grants less time.
    package static var processorCount: Int { ProcessorAllowance.current.count }

    /// How the chunks of a call come to the threads.
    package enum Dealing: Sendable {
        /// Each thread takes the next chunk when it has finished one; those that wake up late may get none.
        case byNeed
        /// Thread i of n takes the chunks i, i + n, ...: slower, and sure to have all threads at work, for tests.
        case inTurn
    }

    private struct Job {
        var body: ((Int) -> Void)?
        var chunks = 0
        var helpers = 0
    }

    // A job is open while `state` is even + joined workers; see `join` and `run`.
    private let wanted = Atomic<Int>(1)
    private let started = Atomic<Int>(0)
    private let busy = Atomic<Bool>(false)
    /// generation * 2^16 + closed * 2^15 + number of workers that joined.
    private let state = Atomic<UInt64>(ThreadPool.closedBit)
    private let nextChunk = Atomic<Int>(0)
    private let left = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private var job = Job()
    private let dealing: Dealing
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wake: UnsafeMutablePointer<pthread_cond_t>

    private static let closedBit: UInt64 = 1 << 15
    private static let joinedMask: UInt64 = closedBit - 1
    private static let spins = 4000

    package init(threads: Int = ThreadPool.processorCount, dealing: Dealing = .byNeed) {
        self.dealing = dealing
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        wake = .allocate(capacity: 1)
        wake.initialize(to: pthread_cond_t())
        pthread_cond_init(wake, nil)
        self.threads = threads
    }

    /// Calls `body` with 0..<chunks, each once, in no particular order, and returns when all are done.
    package func run(chunks: Int, _ body: (Int) -> Void) {
        let mode = hb_enter_kernel_mode()
        defer { hb_leave_kernel_mode(mode) }
        let threads = min(self.threads, chunks)
        guard threads > 1, !hb_in_worker(), !busy.exchange(true, ordering: .acquiring) else {
            for i in 0..<chunks { body(i) }
            return
        }
        withoutActuallyEscaping(body) { body in
            job = Job(body: body, chunks: chunks, helpers: threads - 1)
            nextChunk.store(0, ordering: .relaxed)
            left.store(0, ordering: .relaxed)
            let generation = (state.load(ordering: .relaxed) >> 16) &+ 1
            state.store(generation << 16, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                pthread_mutex_lock(mutex)
                pthread_cond_broadcast(wake)
                pthread_mutex_unlock(mutex)
            }
            hb_set_in_worker(true)
            work(as: 0)
            hb_set_in_worker(false)
            if dealing == .inTurn { waitForHelpers(threads - 1) }
            // Nobody may join any more; wait for those who did.
            let last = state.bitwiseOr(ThreadPool.closedBit, ordering: .acquiringAndReleasing).oldValue
            let joined = Int(last & ThreadPool.joinedMask)
            var spin = 0
            while left.load(ordering: .acquiring) < joined {
                spin += 1
                if spin > 20_000 { sched_yield() } else { hb_pause() }
            }
            job.body = nil
        }
        busy.store(false, ordering: .releasing)
    }

    /// Does a thread's part of the job; thread 0 is the caller.
    private func work(as thread: Int) {
        let chunks = job.chunks
        guard let body = job.body else { return }
        if dealing == .inTurn {
            if thread <= job.helpers { for i in stride(from: thread, to: chunks, by: job.helpers + 1) { body(i) } }
            return
        }
        while true {
            let i = nextChunk.wrappingAdd(1, ordering: .relaxed).oldValue
            if i >= chunks { return }
            body(i)
        }
    }

    /// Waits until so many workers have joined the open job.
    private func waitForHelpers(_ count: Int) {
        while Int(state.load(ordering: .acquiring) & ThreadPool.joinedMask) < count { sched_yield() }
    }

    private func startWorkers(_ count: Int) {
        while true {
            let now = started.load(ordering: .relaxed)
            if now >= count { return }
            if started.compareExchange(expected: now, desired: now + 1, ordering: .relaxed).exchanged {
                let unmanaged = Unmanaged.passRetained(self)
                guard SystemThread.start({ unmanaged.takeUnretainedValue().workerLoop() }) else {
                    started.wrappingSubtract(1, ordering: .relaxed)
                    unmanaged.release()
                    return
                }
            }
        }
    }

    private func workerLoop() {
        hb_set_in_worker(true)
        _ = hb_enter_kernel_mode()
        var seen: UInt64 = 0
        while true {
            waitForJob(after: seen)
            let current = state.load(ordering: .acquiring)
            seen = current >> 16
            if let thread = join(generation: seen) {
                work(as: thread)
                left.wrappingAdd(1, ordering: .releasing)
            }
        }
    }

    /// Enters the open job of that generation unless it is closed or has helpers enough.
    /// - Returns: which of the job's threads this one is, from 1 on.
    private func join(generation: UInt64) -> Int? {
        var current = state.load(ordering: .acquiring)
        while current >> 16 == generation, current & ThreadPool.closedBit == 0 {
            // `job` is stable while the job is open; a stale read is caught by the exchange below.
            let joined = Int(current & ThreadPool.joinedMask)
            if joined >= threads - 1 { return nil }
            let (exchanged, original) = state.weakCompareExchange(
                expected: current, desired: current + 1, ordering: .acquiringAndReleasing)
            if exchanged { return joined + 1 }
            current = original
        }
        return nil
    }

    private func isNew(_ seen: UInt64) -> Bool {
        let current = state.load(ordering: .sequentiallyConsistent)
        return current >> 16 != seen && current & ThreadPool.closedBit == 0
    }

    private func waitForJob(after seen: UInt64) {
        for _ in 0..<ThreadPool.spins {
            if isNew(seen) { return }
            hb_pause()
        }
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while !isNew(seen) { pthread_cond_wait(wake, mutex) }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }
}

/// Calls `body` with the ranges of 0..<count that are `grain` long (the last may be shorter), in parallel.
package func parallelFor(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    let grain = max(1, grain)
    let chunks = (count + grain - 1) / grain
    ThreadPool.current.run(chunks: chunks) { i in body(i * grain..<min(count, (i + 1) * grain)) }
}
