import Tensors

/// What ranks tell each other along with a sum; after it every rank has the union of what all had.
package struct SharedFlags: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// This rank was asked to stop: all stop after this update.
    package static let stop = SharedFlags(rawValue: 1)
    /// This rank cannot go on, for a reason that it tells in `ProcessGroup.together`.
    package static let failed = SharedFlags(rawValue: 2)
}

/// Sums arrays over the slices of a batch by a fixed binary tree: slice 0 + slice 1, slice 2 + slice 3, then the pairs of
/// these, and so on. The bits depend on the number of slices alone, never on how many ranks share them.
///
/// A rank owns an aligned run of slices and hands them over one by one, in order:
///
///     for slice in sum.ownSlices {
///         write slice's values into sum.next   // all of them: it holds rubbish before
///         sum.take()
///     }
///     let flags = try sum.finish(stop ? .stop : [])
///     read sum.total
///
/// It keeps log2 of the rank's slices + 1 buffers (of which the first is `total`), made once.
package final class SliceSum<S: Scalar> {
    /// The slices of a batch, over all ranks.
    package let slices: Int
    /// Those that this rank computes.
    package let ownSlices: Range<Int>
    /// The sum over all slices after `finish`, until the next `take`. Slice `ownSlices.lowerBound` is written here.
    package var total: Storage<S> { buffers[0] }
    /// Where the values of the next slice go.
    package var next: Storage<S> { buffers[pending] }

    let group: ProcessGroup
    let buffers: [Storage<S>]
    /// How many buffers hold sums of whole subtrees.
    var pending = 0
    /// How many of the own slices have been taken.
    var taken = 0

    /// - Parameters:
    ///   - slices: a power of two that the number of ranks divides.
    ///   - count: the elements of each array.
    ///   - total: memory for the sum, where there is some already.
    /// - Throws: `DistributedError` where ranks do not divide the slices.
    package init(slices: Int, count: Int, in group: ProcessGroup, total: Storage<S>? = nil) throws {
        self.slices = slices
        self.group = group
        ownSlices = try group.ownSlices(of: slices)
        let depth = ownSlices.count.trailingZeroBitCount
        buffers = [total ?? Storage(count: count)] + (0..<depth).map { _ in Storage(count: count) }
    }

    /// Takes over the values in `next`, adding up all subtrees that they complete.
    package func take() { fatalError("not yet") }

    /// Adds over the ranks, once all own slices have been taken.
    /// - Returns: what any rank had in its flags.
    package func finish(_ flags: SharedFlags = []) throws -> SharedFlags { fatalError("not yet") }
}

extension ProcessGroup {
    /// The run of slices that this rank computes.
    /// - Throws: `DistributedError` where `slices` is no power of two or the ranks do not divide it.
    package func ownSlices(of slices: Int) throws -> Range<Int> { fatalError("not yet") }

    /// The fixed-tree sum of small arrays.
    /// - Parameter own: one array for each slice that this rank owns, all of one length.
    package func sum<S: Scalar>(_ own: [[S]], slices: Int) throws -> [S] { fatalError("not yet") }
}
