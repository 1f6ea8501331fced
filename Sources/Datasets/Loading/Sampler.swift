import Tensors

/// The order in which an epoch visits the images 0..<count, a function of the seed and the epoch.
public func epochOrder(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var random = Random(seed: seed, purpose: "data.shuffle", epoch)
    return random.permutation(count)
}

/// An order of as many images as there are in which every class that has images comes equally often, to within one: a
/// class's images come in turn, in a new order each time round. A function of the seed and the epoch.
///
/// - Parameter labels: of all images, in 0..<classCount.
public func balancedOrder(labels: [Int], classCount: Int, seed: UInt64, epoch: Int) -> [Int] {
    var members = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { members[label].append(index) }
    members.removeAll(where: \.isEmpty)
    var random = Random(seed: seed, purpose: "data.balance", epoch)
    // Which classes get one image more than the others changes from epoch to epoch.
    let turn = random.permutation(members.count)
    var chosen: [Int] = []
    chosen.reserveCapacity(labels.count)
    for (place, group) in turn.enumerated() {
        var wanted = labels.count / members.count + (place < labels.count % members.count ? 1 : 0)
        while wanted > 0 {
            let round = random.permutation(members[group].count).prefix(wanted)
            chosen += round.map { members[group][$0] }
            wanted -= round.count
        }
    }
    return random.permutation(chosen.count).map { chosen[$0] }
}
