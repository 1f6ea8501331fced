import Synchronization
import Tensors

/// Whether results depend on the number of threads, asked where threads are really at work: each count has a pool of its
/// own, which no other test uses and which gives chunks to every one of its threads.
package enum ThreadIndependence {
    private final class Pools: Sendable {
        let pools = [1, 2, 3, 7].map { ThreadPool(threads: $0, dealing: .inTurn) }
        /// A pool that is busy runs in place, so one test after the other has them.
        let turn = Mutex(())
    }

    private static let shared = Pools()

    /// The numbers of threads under which `body` gives another result than under one. Compare bits, not numbers: a number
    /// that is none equals nothing.
    package static func violations<Result: Equatable>(_ body: () throws -> Result) rethrows -> [Int] {
        try shared.turn.withLock { _ in
            let results = try shared.pools.map { pool in
                try ThreadPool.$current.withValue(pool) { try (threads: pool.threads, result: body()) }
            }
            return results.filter { $0.result != results[0].result }.map(\.threads)
        }
    }
}

extension Tensor<Float> {
    /// For comparisons of bytes.
    package var bits: [UInt32] { array.map(\.bitPattern) }
}
