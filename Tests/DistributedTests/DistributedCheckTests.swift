import Distributed
import TestSupport
import Testing

@Suite struct DistributedCheckTests {
    @Test func everyNumberOfRanksGivesTheSameChecksums() throws {
        let counts = [100, 20_000]
        let alone = try DistributedCheck(.alone(), counts: counts, repetitions: 1)
        #expect(alone.sums.map(\.bytes) == [400, 80_000])
        for ranks in [2, 4, 8] {
            for result in LocalNetwork.run(ranks, { try DistributedCheck($0, counts: counts, repetitions: 1) }) {
                #expect(try result.get().sums.map(\.checksum) == alone.sums.map(\.checksum))
            }
        }
    }

    /// All of a small array in each turn; of a large one (ranks - 1) / ranks of it on the way there and back.
    @Test func bytesAreThoseOfTheShortestWay() throws {
        for result in LocalNetwork.run(4, { try DistributedCheck($0, counts: [1024, 65_536], repetitions: 1) }) {
            #expect(try result.get().sums.map(\.sentBytes) == [2 * 4096, 2 * 65_536 * 4 * 3 / 4])
        }
    }
}
