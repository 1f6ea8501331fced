import Distributed
import TestSupport
import Testing

@Suite struct ProcessorSharesTests {
    private func rank(_ host: String, _ mask: Range<Int>, allowance: Int? = nil) -> ProcessorShares.Rank {
        ProcessorShares.Rank(host: host, mask: Array(mask), allowance: allowance ?? mask.count)
    }

    @Test func masksThatAreTheSameAreDivided() {
        let shares = ProcessorShares((0..<4).map { rank($0 < 2 ? "a" : "b", 0..<16) })
        #expect(shares.threads == [8, 8, 8, 8])
        #expect(shares.line == "4 ranks x 8 threads on 2 machines")
    }

    @Test func masksOfTheirOwnAreKept() {
        let shares = ProcessorShares([rank("a", 0..<4), rank("a", 4..<12)])
        #expect(shares.threads == [4, 8])
        #expect(shares.line == "2 ranks x 4 to 8 threads on 1 machine")
    }

    @Test func onlyWhatOverlapsIsDivided() {
        // 0..<4 alone, 4..<8 for two.
        #expect(ProcessorShares([rank("a", 0..<8), rank("a", 4..<8)]).threads == [6, 2])
    }

    /// 16 / 3 is cut, and twelve thirds are four.
    @Test func unevenSharesAreCut() {
        #expect(ProcessorShares((0..<3).map { _ in rank("a", 0..<16) }).threads == [5, 5, 5])
        #expect(ProcessorShares((0..<3).map { _ in rank("a", 0..<12) }).threads == [4, 4, 4])
    }

    @Test func moreRanksThanProcessorsHaveAThreadEach() {
        let shares = ProcessorShares((0..<4).map { _ in rank("a", 0..<2) })
        #expect(shares.threads == [1, 1, 1, 1])
        #expect(shares.line == "4 ranks x 1 thread on 1 machine")
    }

    @Test func aQuotaIsSharedWithTheMask() {
        #expect(ProcessorShares((0..<2).map { _ in rank("a", 0..<16, allowance: 4) }).threads == [2, 2])
        #expect(ProcessorShares([rank("a", 0..<16, allowance: 4)]).threads == [4])
    }

    @Test func whereThereAreNoMasksMachinesAreDivided() {
        #expect(ProcessorShares((0..<2).map { _ in rank("a", 0..<0, allowance: 8) }).threads == [4, 4])
    }

    @Test func ranksAgreeOnTheLine() throws {
        let results = LocalNetwork.run(2, hosts: ["a", "b"]) { try $0.shareProcessors(asked: 3) }
        for result in results {
            #expect(try result.get().threads == 3)
            #expect(try result.get().line == "2 ranks x 3 threads on 2 machines")
        }
    }
}
