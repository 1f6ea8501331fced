import Datasets
import Testing

struct SamplerTests {
    private let labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 3]

    @Test func aBalancedEpochShowsEachClassEquallyOften() {
        var seen: Set<Int> = []
        for epoch in 0..<16 {
            let order = EpochOrder.balanced(groups: labels, seed: 1, epoch: epoch)
            #expect(order.count == labels.count)
            let counts = (0..<4).map { label in order.count { labels[$0] == label } }
            #expect(counts[1] == 0, "a class without images")
            #expect([0, 2, 3].allSatisfy { [6, 7].contains(counts[$0]) }, "\(counts)")
            // A small class's images come in turn.
            let second = (16...18).map { image in order.count { $0 == image } }
            #expect(second.allSatisfy { (2...3).contains($0) }, "\(second)")
            #expect(Set(order.filter { labels[$0] == 0 }).count == counts[0], "no image of a large class twice")
            seen.formUnion(order)
        }
        #expect(seen.count == labels.count, "over some epochs every image comes")
    }

    @Test func theOrderIsAFunctionOfSeedAndEpoch() {
        let order = EpochOrder.balanced(groups: labels, seed: 1, epoch: 3)
        #expect(order == EpochOrder.balanced(groups: labels, seed: 1, epoch: 3))
        #expect(order != EpochOrder.balanced(groups: labels, seed: 1, epoch: 4))
        #expect(order != EpochOrder.balanced(groups: labels, seed: 2, epoch: 3))
    }
}
