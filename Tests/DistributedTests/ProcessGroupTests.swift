import Distributed
import TestSupport
import Testing

@Suite struct ProcessGroupTests {
    /// The sentences of what failed on the ranks.
    private func sentences<Output>(_ results: [Result<Output, any Error>]) -> [String] {
        results.map { result in
            switch result {
            case .success: "none"
            case .failure(let error): "\(error)"
            }
        }
    }

    /// Sizes around that of an envelope's content, 992 bytes.
    @Test(arguments: [1, 2, 3, 5, 8], [0, 1, 991, 992, 993, 70_000])
    func allRanksGetWhatRankZeroTells(ranks: Int, count: Int) throws {
        let told = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let results = LocalNetwork.run(ranks) { group in
            var memory = group.isRoot ? told : [UInt8](repeating: 0, count: count)
            try memory.withUnsafeMutableBytes { try group.broadcast(into: $0) }
            return [try group.broadcast(group.isRoot ? told : []), memory]
        }
        for result in results { #expect(try result.get() == [told, told]) }
    }

    @Test(arguments: [1, 2, 3, 5, 8])
    func bytesAreGatheredInTheOrderOfTheRanks(ranks: Int) throws {
        @Sendable func bytes(_ rank: Int) -> [UInt8] { [UInt8](repeating: UInt8(rank), count: rank * 700) }
        let results = LocalNetwork.run(ranks) { group in
            (try group.gather(bytes(group.rank)), try group.gatherToAll(bytes(group.rank)))
        }
        for (rank, result) in results.enumerated() {
            let (gathered, everywhere) = try result.get()
            #expect(gathered == (rank == 0 ? (0..<ranks).map(bytes) : nil))
            #expect(everywhere == (0..<ranks).map(bytes))
        }
    }

    @Test func ranksKnowEachOthersHosts() throws {
        let results = LocalNetwork.run(3, hosts: ["a", "b", "b"]) { ($0.hosts, $0.name(of: 2)) }
        for result in results {
            #expect(try result.get().0 == ["a", "b", "b"])
            #expect(try result.get().1 == "rank 2 on host b")
        }
    }

    @Test func aRankOfItsOwnNeedsNobody() throws {
        let group = ProcessGroup.alone()
        try group.barrier()
        try group.agree("the weights", "12ab")
        #expect(try group.broadcast([1, 2]) == [1, 2])
        #expect(try group.gatherToAll([3]) == [[3]])
        #expect(try group.onRoot { [4] } == [4])
        #expect(try group.together { 5 } == 5)
        try group.close()
    }

    @Test func equalChecksumsAreAgreedOn() {
        let results = LocalNetwork.run(4) { try $0.agree("the parameters", "12ab") }
        #expect(sentences(results) == Array(repeating: "none", count: 4))
    }

    /// On every rank that is not ended before it hears of it.
    @Test func whoDivergesIsNamed() {
        let results = LocalNetwork.run(4, hosts: ["a", "a", "b", "b"]) {
            try $0.agree("the parameters after epoch 3", $0.rank == 2 ? "34cd" : "12ab")
        }
        let expected =
            "the parameters after epoch 3 differ between ranks: rank 2 on host b has 34cd, the others have 12ab"
        let told = sentences(results)
        #expect(told[0] == expected)
        #expect(told.allSatisfy { $0 == expected || $0.hasPrefix("the launcher ended the job: rank") }, "\(told)")
    }

    @Test func theFewAreNamedThoughRankZeroIsAmongThem() {
        let results = LocalNetwork.run(3, hosts: ["a", "b", "c"]) {
            try $0.agree("the lists of images", $0.isRoot ? "1" : "2")
        }
        #expect(
            sentences(results)[1]
                == "the lists of images differ between ranks: rank 0 on host a has 1, the others have 2")
        let two = LocalNetwork.run(2, hosts: ["a", "b"]) { try $0.agree("the lists of images", "\($0.rank)") }
        #expect(
            sentences(two)[0]
                == "the lists of images differ between ranks: rank 1 on host b has 1, rank 0 on host a has 0")
    }

    private struct NoFile: Error, CustomStringConvertible { let description = "data: no such folder" }

    @Test func whatFailsOnOneRankFailsOnAll() throws {
        let results = LocalNetwork.run(3, hosts: ["a", "b", "c"]) { group in
            try group.together { if group.rank == 1 { throw NoFile() } }
        }
        let told = "rank 1 on host b: data: no such folder"
        #expect(sentences(results) == [told, "data: no such folder", told])
        for result in LocalNetwork.run(3, { group in try group.together { group.rank } }).enumerated() {
            #expect(try result.element.get() == result.offset)
        }
    }

    @Test func whatRankZeroCannotReadNobodyGets() throws {
        let results = LocalNetwork.run(2, hosts: ["a", "b"]) { group in try group.onRoot { throw NoFile() } }
        #expect(sentences(results) == ["data: no such folder", "rank 0 on host a: data: no such folder"])
        for result in LocalNetwork.run(2, { group in try group.onRoot { [7, UInt8(group.rank)] } }) {
            #expect(try result.get() == [7, 0])
        }
    }

    @Test func ranksThatDoDifferentThingsFindOut() {
        let results = LocalNetwork.run(2, hosts: ["a", "b"]) { group in
            if group.isRoot { _ = try group.gather([1]) } else { _ = try group.sum([[Float(1)]], slices: 2) }
        }
        #expect(
            sentences(results)[0]
                == "rank 1 on host b is at call 3, a sum, and rank 0 on host a at call 3, a gathering; all ranks must do the same"
        )
    }

    @Test func arraysOfDifferentLengthsAreRefused() {
        let results = LocalNetwork.run(2, hosts: ["a", "b"]) { group in
            _ = try group.sum([[Float](repeating: 1, count: group.rank + 3)], slices: 2)
        }
        #expect(
            sentences(results)[0]
                == "rank 1 on host b sent 16 bytes in call 3, a sum, and rank 0 on host a expected 12; all ranks must have "
                + "the same model and batch")
    }

    @Test func anErrorOfAllIsToldByRankZeroAndEndsInGoodOrder() throws {
        let results = LocalNetwork.run(3) { group in
            do { try group.agree("the weights", "\(group.rank)") } catch { return group.leave(after: error) }
            return false
        }
        for (rank, result) in results.enumerated() { #expect(try result.get() == (rank == 0)) }
    }
}
