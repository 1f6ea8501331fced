import Tensors

/// The order in which an epoch visits the images 0..<count, a function of the seed and the epoch.
public func epochOrder(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var random = Random(seed: seed, purpose: "data.shuffle", epoch)
    return random.permutation(count)
}
