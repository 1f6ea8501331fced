import Synchronization
import Tensors
import Testing

@Suite struct ThreadPoolTests {
    @Test func everyChunkRunsOnce() {
        var counts = [Int](repeating: 0, count: 1000)
        for round in 0..<200 {
            counts.withUnsafeMutableBufferPointer { counts in
                nonisolated(unsafe) let counts = counts
                ThreadPool.shared.run(chunks: 1000) { counts[$0] += 1 }
            }
            #expect(counts.allSatisfy { $0 == round + 1 }, "round \(round): every chunk must run exactly once")
        }
    }

    @Test func aCallInsideAChunkRunsInPlace() {
        let sums = Storage<Double>(count: 8)
        ThreadPool.shared.run(chunks: 8) { i in
            sums.pointer[i] = 0
            parallelFor(100, grain: 7) { for k in $0 { sums.pointer[i] += Double(k) } }
        }
        #expect((0..<8).allSatisfy { sums.pointer[$0] == 4950 }, "each chunk must see all of its inner chunks")
    }

    @Test func chunksDealtInTurnReachEveryThread() {
        for threads in [1, 2, 3, 7] {
            let pool = ThreadPool(threads: threads, dealing: .inTurn)
            for chunks in [1, 2, 7, 20] {
                let owners = Mutex([Int: SystemThread.Identity]())
                pool.run(chunks: chunks) { i in owners.withLock { $0[i] = .current } }
                let found = owners.withLock { $0 }
                #expect(found.count == chunks)
                #expect(Set(found.values).count == min(threads, chunks), "\(threads) threads, \(chunks) chunks")
                for i in 0..<chunks { #expect(found[i] == found[i % min(threads, chunks)]) }
            }
        }
    }

    @Test func theCurrentPoolIsTheOneThatWasPutInPlace() {
        let pool = ThreadPool(threads: 3, dealing: .inTurn)
        let identities = Mutex(Set<SystemThread.Identity>())
        ThreadPool.$current.withValue(pool) {
            parallelFor(30, grain: 10) { _ in identities.withLock { _ = $0.insert(.current) } }
        }
        #expect(identities.withLock { $0.count } == 3)
        #expect(ThreadPool.current === ThreadPool.shared)
    }

    /// Many short jobs in a row: a worker that sleeps in, or wakes up after the job it was woken for, must do no harm.
    @Test(arguments: [2, 3, 7]) func shortJobsInARowLoseNothing(threads: Int) {
        let pool = ThreadPool(threads: threads)
        let sums = Storage<Double>(count: 64)
        sums.pointer.initialize(repeating: 0, count: 64)
        for round in 0..<20_000 {
            let chunks = 1 + round % 64
            pool.run(chunks: chunks) { sums.pointer[$0] += 1 }
        }
        for i in 0..<64 {
            let expected = (0..<20_000).count { i < 1 + $0 % 64 }
            #expect(sums.pointer[i] == Double(expected), "chunk \(i)")
        }
    }

    /// Several callers at once: one has the pool, the others run in place, and calls inside chunks do so as well.
    @Test func callersAtTheSameTimeDoNotDisturbOneAnother() async {
        let pool = ThreadPool(threads: 3)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for caller in 0..<4 {
                group.addTask {
                    var wrong = 0
                    let sums = Storage<Double>(count: 16)
                    for round in 0..<1500 {
                        pool.run(chunks: 16) { i in
                            sums.pointer[i] = Double(caller * round)
                            pool.run(chunks: 5) { sums.pointer[i] += Double($0) }
                        }
                        if (0..<16).contains(where: { sums.pointer[$0] != Double(caller * round + 10) }) { wrong += 1 }
                    }
                    return wrong
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test(arguments: [ThreadPool.Dealing.byNeed, .inTurn])
    func theNumberOfThreadsMayChangeBetweenJobs(dealing: ThreadPool.Dealing) {
        let pool = ThreadPool(threads: 1, dealing: dealing)
        var counts = [Int](repeating: 0, count: 50)
        var rounds = 0
        for threads in [1, 5, 2, 1, 3, 7, 2, 4, 1] {
            pool.threads = threads
            #expect(pool.threads == threads)
            for _ in 0..<50 {
                counts.withUnsafeMutableBufferPointer { counts in
                    nonisolated(unsafe) let counts = counts
                    pool.run(chunks: 50) { counts[$0] += 1 }
                }
                rounds += 1
            }
            #expect(counts.allSatisfy { $0 == rounds }, "\(threads) threads")
        }
    }

    @Test func theNumberIsKeptWithinItsBounds() {
        let pool = ThreadPool(threads: 0)
        #expect(pool.threads == 1)
        pool.threads = -3
        #expect(pool.threads == 1)
    }

    /// What a job writes is there for the caller, and what the caller wrote before is there for the job.
    @Test func jobsSeeWhatWasWrittenBeforeThem() {
        let pool = ThreadPool(threads: 4)
        let (a, b) = (Storage<Double>(count: 4096), Storage<Double>(count: 4096))
        a.pointer.initialize(repeating: 0, count: 4096)
        for _ in 0..<500 {
            pool.run(chunks: 64) { chunk in
                for i in chunk * 64..<chunk * 64 + 64 { b.pointer[i] = a.pointer[4095 - i] + 1 }
            }
            pool.run(chunks: 16) { chunk in
                for i in chunk * 256..<chunk * 256 + 256 { a.pointer[i] = b.pointer[4095 - i] }
            }
        }
        #expect((0..<4096).allSatisfy { a.pointer[$0] == 500 })
    }
}
