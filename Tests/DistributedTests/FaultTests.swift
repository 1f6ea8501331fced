import Distributed
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite struct FaultTests {

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private typealias Faults = [Int: (exchange: Int, fault: LocalNetwork.Fault)]

    /// Twelve sums of arrays that are halved, on four ranks of two hosts.
    private func sums(_ faults: Faults, _ lines: Lines, _ patience: Patience = Patience()) -> [Result<Int, any Error>] {
        LocalNetwork.run(4, faults: faults, hosts: ["a", "a", "b", "b"], patience: patience, report: lines.add) {
            group in
            let sum = try SliceSum<Float>(slices: 4, count: 6000, in: group)
            for _ in 0..<12 {
                for i in 0..<6000 { sum.next.pointer[i] = Float(i) }
                sum.take()
                _ = try sum.finish()
            }
            try group.close()
            return 12
        }
    }

    @Test func aKilledRankEndsTheOthers() {
        let results = sums([3: (30, .dies)], Lines())
        for (rank, result) in results.enumerated() {
            #expect(throws: (any Error).self) { try result.get() }
            guard rank != 3, case .failure(let error) = result else { continue }
            #expect("\(error)" == "the launcher ended the job: rank 3 was killed")
        }
    }

    /// Ranks that wait for those who wait for the missing one are not named.
    @Test func aRankThatIsGoneIsNamedAndTheJobEnds() throws {
        let lines = Lines()
        let results = sums([3: (30, .vanishes)], lines, Patience(warnAfter: 0.3, endAfter: 1))
        for result in results { #expect(throws: (any Error).self) { try result.get() } }
        let waits = lines.all.filter { $0.contains("waits for it") }
        #expect(!waits.isEmpty)
        #expect(waits.allSatisfy { $0.hasPrefix("rank 3 on host b has not arrived for ") })
        let ends = lines.all.filter { $0.contains("the job is ended") }
        #expect(!ends.isEmpty)
        #expect(ends.allSatisfy { $0.hasPrefix("rank 3 on host b has not arrived for ") })
    }

    @Test func aSlowRankIsNamedAndWaitedFor() throws {
        let lines = Lines()
        for result in sums([1: (20, .stalls(1.2))], lines, Patience(warnAfter: 0.3, endAfter: 60)) {
            #expect(try result.get() == 12)
        }
        #expect(!lines.all.isEmpty)
        #expect(lines.all.allSatisfy { $0.hasPrefix("rank 1 on host a has not arrived for ") })
    }

    @Test func noLineComesWhileAllIsWell() throws {
        let lines = Lines()
        for result in sums([:], lines) { #expect(try result.get() == 12) }
        #expect(lines.all.isEmpty)
    }

    @Test func aRankThatGivesUpSaysWhy() {
        let lines = Lines()
        let results = LocalNetwork.run(2, hosts: ["a", "b"], report: lines.add) { group in
            if group.rank == 1 {
                group.fail(DistributedError("the loss is no number"))
            } else {
                try group.barrier()
            }
        }
        #expect(lines.all == ["rank 1 on host b: the loss is no number"])
        guard case .failure(let error) = results[0] else {
            Issue.record("rank 0 waits for nobody")
            return
        }
        #expect("\(error)" == "the launcher ended the job: rank 1 ended it with code 1")
    }

    @Test func patienceComesFromTheEnvironment() {
        func patience(_ text: String?) -> Patience { .fromEnvironment { $0 == "HORNBEAM_MPI_PATIENCE" ? text : nil } }
        #expect(patience("300") == Patience(warnAfter: 60, endAfter: 300))
        #expect(patience("10") == Patience(warnAfter: 5, endAfter: 10))
        for text in [nil, "soon", "-3", "0", "inf", "nan"] { #expect(patience(text) == Patience()) }
    }
}
