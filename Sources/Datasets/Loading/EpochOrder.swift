import Tensors

/// The orders in which an epoch may visit the images 0..<count.
package enum EpochOrder {
    /// Every image once, a function of the seed and the epoch.
    package static func shuffled(count: Int, seed: UInt64, epoch: Int) -> [Int] {
        var random = Random(seed: seed, purpose: "data.shuffle", epoch)
        return random.permutation(count)
    }

    /// An order of as many images as there are in which every group that has images comes equally often, to within one: a
    /// group's images come in turn, in a new order each time round. A function of the seed and the epoch.
    ///
    /// - Parameter groups: of all images, from 0 on: their classes, say.
    package static func balanced(groups: [Int], seed: UInt64, epoch: Int) -> [Int] {
        var members = [[Int]](repeating: [], count: (groups.max() ?? -1) + 1)
        for (index, group) in groups.enumerated() { members[group].append(index) }
        members.removeAll(where: \.isEmpty)
        var random = Random(seed: seed, purpose: "data.balance", epoch)
        // Which groups get one image more than the others changes from epoch to epoch.
        let turn = random.permutation(members.count)
        var chosen: [Int] = []
        chosen.reserveCapacity(groups.count)
        for (place, group) in turn.enumerated() {
            var wanted = groups.count / members.count + (place < groups.count % members.count ? 1 : 0)
            while wanted > 0 {
                let round = random.permutation(members[group].count).prefix(wanted)
                chosen += round.map { members[group][$0] }
                wanted -= round.count
            }
        }
        return random.permutation(chosen.count).map { chosen[$0] }
    }

    /// As many images as there are, each so often in a row: repeated augmentation (Hoffer et al., CVPR 2020; Berman et al., arXiv
    /// 1902.05509), where the copies of an image, which are altered differently, come into one batch. An epoch shows the first
    /// images of its order; over some epochs all come. A function of the seed and the epoch.
    package static func repeated(count: Int, times: Int, seed: UInt64, epoch: Int) -> [Int] {
        let order = shuffled(count: count, seed: seed, epoch: epoch)
        return (0..<count).map { order[$0 / max(1, times)] }
    }

    /// Every image once, those of one shape in one batch as far as there are enough of them; what is left over is mixed and
    /// comes last. A function of the seed and the epoch.
    package static func alike(shapes: [Int], batchSize: Int, seed: UInt64, epoch: Int) -> [Int] {
        var random = Random(seed: seed, purpose: "data.shapes", epoch)
        var members: [Int: [Int]] = [:]
        for index in random.permutation(shapes.count) { members[shapes[index], default: []].append(index) }
        var (batches, rest): ([ArraySlice<Int>], [Int]) = ([], [])
        for shape in members.keys.sorted() {
            let own = members[shape] ?? []
            let whole = own.count / batchSize * batchSize
            for start in stride(from: 0, to: whole, by: batchSize) { batches.append(own[start..<start + batchSize]) }
            rest += own[whole...]
        }
        let order = random.permutation(batches.count)
        return order.flatMap { batches[$0] } + rest
    }
}
