import Tensors

/// Where the images come from that choose among weights.
public enum ValidationSource: Sendable, Equatable {
    /// A seeded part of the training data, the same share of every class.
    case fraction(Double)
    /// A folder of class folders: a path, or a name below the data's path.
    case folder(String)
    case none

    var isFolder: Bool { if case .folder = self { true } else { false } }
}

/// The parts of a data set.
public struct DatasetSplits: Sendable {
    public var train: any ImageDataset
    public var validation: (any ImageDataset)?
    public var test: any ImageDataset
    /// What was recognised, in a few words.
    public var format: String
    /// What a user should be told, one sentence each.
    public var notices: [String] = []
    /// Who made the data, where the program ships it.
    public var attribution: String?

    public var classNames: [String] { train.classNames }
}

/// Splits the images 0..<labels.count into two parts, both in ascending order.
///
/// Each class gives `fraction` of its images, rounded, but at least one and never all; a class of one image gives none.
/// The choice is a function of the seed and the purpose.
public func stratifiedSplit(
    labels: [Int], classCount: Int, fraction: Double, seed: UInt64, purpose: String
) -> (kept: [Int], held: [Int]) {
    var members = [[Int]](repeating: [], count: classCount)
    for (index, label) in labels.enumerated() { members[label].append(index) }
    var isHeld = [Bool](repeating: false, count: labels.count)
    for (label, indices) in members.enumerated() where indices.count > 1 && fraction > 0 {
        let count = max(1, min(indices.count - 1, Int((fraction * Double(indices.count)).rounded())))
        var random = Random(seed: seed, purpose: purpose, label)
        for position in random.permutation(indices.count).prefix(count) { isHeld[indices[position]] = true }
    }
    let all = labels.indices
    return (all.filter { !isHeld[$0] }, all.filter { isHeld[$0] })
}

extension ImageDataset {
    var labels: [Int] { (0..<count).map { label($0) } }

    /// Two parts of this data set, see `stratifiedSplit`.
    func split(fraction: Double, seed: UInt64, purpose: String) -> (kept: SubsetDataset, held: SubsetDataset) {
        let parts = stratifiedSplit(
            labels: labels, classCount: classNames.count, fraction: fraction, seed: seed, purpose: purpose)
        return (SubsetDataset(self, indices: parts.kept), SubsetDataset(self, indices: parts.held))
    }
}
