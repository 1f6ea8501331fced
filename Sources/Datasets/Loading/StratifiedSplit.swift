import Tensors

/// Two parts of the images 0..<labels.count, both in ascending order.
///
/// Each class gives `fraction` of its images, rounded, but at least one and never all; a class of one image gives none.
/// The choice is a function of the seed and the purpose.
package struct StratifiedSplit {
    package let kept: [Int]
    package let held: [Int]

    /// - Parameter labels: of all images, each below `classCount`.
    package init(labels: [Int], classCount: Int, fraction: Double, seed: UInt64, purpose: String) {
        var members = [[Int]](repeating: [], count: classCount)
        for (index, label) in labels.enumerated() { members[label].append(index) }
        var isHeld = [Bool](repeating: false, count: labels.count)
        for (label, indices) in members.enumerated() where indices.count > 1 && fraction > 0 {
            let count = max(1, min(indices.count - 1, Int((fraction * Double(indices.count)).rounded())))
            var random = Random(seed: seed, purpose: purpose, label)
            for position in random.permutation(indices.count).prefix(count) { isHeld[indices[position]] = true }
        }
        kept = labels.indices.filter { !isHeld[$0] }
        held = labels.indices.filter { isHeld[$0] }
    }
}

extension AnnotatedDataset where Annotation == ClassLabel {
    /// Two parts of this data set, see `StratifiedSplit`.
    func split(
        fraction: Double, seed: UInt64, purpose: String
    ) throws -> (kept: SubsetDataset<ClassLabel>, held: SubsetDataset<ClassLabel>) {
        let parts = StratifiedSplit(
            labels: try labels(), classCount: classNames.count, fraction: fraction, seed: seed, purpose: purpose)
        return (SubsetDataset(self, indices: parts.kept), SubsetDataset(self, indices: parts.held))
    }
}
