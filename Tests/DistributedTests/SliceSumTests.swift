import Distributed
import Tensors
import TestSupport
import Testing

@Suite struct SliceSumTests {
    private static func sum<S: Scalar>(_ group: ProcessGroup, slices: Int, _ count: Int) throws -> [S] {
        let sum = try SliceSum<S>(slices: slices, count: count, in: group)
        for slice in sum.ownSlices {
            SliceNumbers.values(slice: slice, count).withUnsafeBufferPointer {
                sum.next.pointer.update(from: $0.baseAddress!, count: count)
            }
            sum.take()
        }
        _ = try sum.finish()
        return Array(UnsafeBufferPointer(start: sum.total.pointer, count: count))
    }

    private static func isTreeOnAllRanks<S: Scalar>(_ type: S.Type, _ ranks: Int, slices: Int, _ count: Int) throws
        -> Bool
    {
        let expected: [S] = SliceNumbers.tree(0..<slices, count)
        let results = LocalNetwork.run(ranks) { try sum($0, slices: slices, count) as [S] }
        return try results.allSatisfy { try $0.get() == expected }
    }

    /// The larger arrays are halved between ranks, the smaller ones exchanged whole; 5003 and 40 001 halve unevenly.
    @Test(arguments: [1, 2, 4, 8, 16], [1, 3, 300, 5003, 40_001])
    func theBitsDependOnTheSlicesAlone(ranks: Int, count: Int) throws {
        #expect(try Self.isTreeOnAllRanks(Float.self, ranks, slices: 16, count))
        #expect(try Self.isTreeOnAllRanks(Double.self, ranks, slices: 16, count))
    }

    @Test func otherSlicesGiveOtherBits() {
        let four: [Float] = SliceNumbers.tree(0..<4, 300)
        let inTurn = (1..<4).reduce(SliceNumbers.values(slice: 0, 300) as [Float]) {
            zip($0, SliceNumbers.values(slice: $1, 300)).map(+)
        }
        #expect(four != inTurn)
    }

    @Test func moreRanksThanElementsAreNoTrouble() throws {
        #expect(try Self.isTreeOnAllRanks(Float.self, 8, slices: 8, 2))
        #expect(try Self.isTreeOnAllRanks(Double.self, 8, slices: 32, 0))
    }

    @Test func oneSliceIsWrittenWhereItIsWanted() throws {
        let gradients = Storage<Float>(count: 10)
        let sum = try SliceSum(slices: 1, count: 10, in: .alone(), total: gradients)
        for _ in 0..<3 {
            #expect(sum.next === gradients)
            sum.take()
            #expect(try sum.finish().isEmpty)
            #expect(sum.total === gradients)
        }
    }

    @Test(arguments: [1, 2, 4, 8, 64])
    func buffersGrowWithTheLogarithmOfTheSlices(slices: Int) throws {
        let sum = try SliceSum<Float>(slices: slices, count: 1, in: .alone())
        var used: Set<ObjectIdentifier> = []
        for slice in sum.ownSlices {
            used.insert(ObjectIdentifier(sum.next))
            sum.next.pointer[0] = Float(slice)
            sum.take()
        }
        _ = try sum.finish()
        #expect(used.count == slices.trailingZeroBitCount + 1)
        #expect(sum.total.pointer[0] == Float(slices * (slices - 1) / 2))
    }

    @Test func sumsFollowOneAnother() throws {
        let results = LocalNetwork.run(4) { group in
            let sum = try SliceSum<Float>(slices: 8, count: 9000, in: group)
            return try (0..<3).map { step in
                for slice in sum.ownSlices {
                    for i in 0..<9000 { sum.next.pointer[i] = Float(step * 8 + slice) }
                    sum.take()
                }
                _ = try sum.finish()
                return [sum.total.pointer[0], sum.total.pointer[8999]]
            }
        }
        for result in results { #expect(try result.get() == [[28, 28], [92, 92], [156, 156]]) }
    }

    @Test func bitsDoNotDependOnThreads() throws {
        let violations = try ThreadIndependence.violations {
            try (Self.sum(.alone(), slices: 8, 100_003) as [Float]).map(\.bitPattern)
        }
        #expect(violations.isEmpty)
    }

    @Test func smallArraysAreSummedByTheSameTree() throws {
        let expected: [Double] = SliceNumbers.tree(0..<8, 3)
        let results = LocalNetwork.run(4) { group in
            try group.sum(group.ownSlices(of: 8).map { SliceNumbers.values(slice: $0, 3) as [Double] }, slices: 8)
        }
        for result in results { #expect(try result.get() == expected) }
    }

    @Test(arguments: [10, 9000])
    func aFlagOfOneRankReachesAllWithTheSameSum(count: Int) throws {
        let results = LocalNetwork.run(8) { group in
            let sum = try SliceSum<Float>(slices: 8, count: count, in: group)
            return try (0..<4).map { step in
                for i in 0..<count { sum.next.pointer[i] = 1 }
                sum.take()
                return try sum.finish(step == 2 && group.rank == 5 ? .stop : step == 3 ? .failed : [])
            }
        }
        for result in results { #expect(try result.get() == [[], [], .stop, .failed]) }
    }

    @Test func ranksThatDoNotDivideTheSlicesAreRefused() {
        let results = LocalNetwork.run(3) { try $0.ownSlices(of: 4) }
        for result in results {
            #expect(throws: DistributedError.self) { try result.get() }
            if case .failure(let error) = result {
                #expect(
                    "\(error)"
                        == "3 ranks cannot share a batch of 4 slices, the number of ranks must divide it; start 2 ranks, or "
                        + "set training.slices to a larger power of two")
            }
        }
        #expect(throws: DistributedError("a batch has 6 slices, expected a power of two")) {
            try ProcessGroup.alone().ownSlices(of: 6)
        }
    }
}
