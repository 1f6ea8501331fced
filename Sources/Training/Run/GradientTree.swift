import Tensors

/// The gradients of the slices of a batch, each computed by itself, added by a binary tree that the number of slices alone
/// decides: first slices 0 and 1, 2 and 3 and so on, then these sums in pairs, to the last one. The sum of an aligned run of
/// slices is a node of the tree, so that whoever computes such runs elsewhere and adds their sums in pairs gets the same bits.
///
/// Slices are computed one after the other; a sum waits until its neighbor is known, so that as many buffers are needed as
/// the tree is high, and one more.
struct GradientTree {
    private let buffers: [Storage<Float>]

    /// - Parameters:
    ///   - count: of the numbers of a gradient.
    ///   - slices: how many are added, a power of two.
    init(count: Int, slices: Int) {
        require(slices > 0 && slices & (slices - 1) == 0, "GradientTree", "\(slices) slices are no power of two")
        buffers = (0...slices.trailingZeroBitCount).map { _ in Storage(count: count) }
    }

    /// The sum, once all slices were added.
    var sum: Storage<Float> { buffers[0] }

    /// Adds up the gradients of some slices.
    /// - Parameters:
    ///   - slices: as many as the tree was made for.
    ///   - compute: writes the gradients of a slice, all of them, into a buffer.
    func add(_ slices: Range<Int>, compute: (_ slice: Int, _ gradients: Storage<Float>) throws -> Void) rethrows {
        require(1 << (buffers.count - 1) == slices.count, "GradientTree", "got \(slices.count) slices")
        try add(slices, 0, compute)
    }

    private func add(
        _ slices: Range<Int>, _ level: Int, _ compute: (_ slice: Int, _ gradients: Storage<Float>) throws -> Void
    ) rethrows {
        guard slices.count > 1 else { return try compute(slices.lowerBound, buffers[level]) }
        let middle = slices.lowerBound + slices.count / 2
        try add(slices.lowerBound..<middle, level, compute)
        try add(middle..<slices.upperBound, level + 1, compute)
        let (sum, other) = (buffers[level].pointer, buffers[level + 1])
        Tensor(storage: other, offset: 0, shape: [other.count]).add(into: sum)
    }
}
