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
/// It keeps log2 of the rank's slices + 1 buffers (of which the first is `total`), made once. With one slice and one rank
/// nothing is added and nothing copied.
package final class SliceSum<S: Scalar> {
    /// The slices of a batch, over all ranks.
    package let slices: Int
    /// Those that this rank computes.
    package let ownSlices: Range<Int>
    /// The sum over all slices after `finish`, until the next `take`. The first own slice is written here.
    package var total: Storage<S> { buffers[0] }
    /// Where the values of the next slice go; they may be written before or after other slices were added up.
    package var next: Storage<S> { buffers[pending] }
    /// Bytes that this rank has sent to others so far.
    package private(set) var sentBytes = 0

    private let group: ProcessGroup
    /// A stack of sums of whole subtrees, the largest first.
    private let buffers: [Storage<S>]
    /// How many of them hold one.
    private var pending = 0
    /// How many of the own slices have been taken.
    private var taken = 0

    /// - Parameters:
    ///   - slices: a power of two that the number of ranks divides.
    ///   - count: the elements of each array.
    ///   - total: memory for the sum, where there is some already.
    /// - Throws: `DistributedError` where ranks do not divide the slices.
    package init(slices: Int, count: Int, in group: ProcessGroup, total: Storage<S>? = nil) throws {
        require(total.map { $0.count == count } ?? true, "SliceSum", "the memory for the sum has another size")
        self.slices = slices
        self.group = group
        ownSlices = try group.ownSlices(of: slices)
        let depth = ownSlices.count.trailingZeroBitCount
        buffers = [total ?? Storage(count: count)] + (0..<depth).map { _ in Storage(count: count) }
    }

    /// Takes over the values in `next`, adding up all subtrees that they complete.
    package func take() {
        require(taken < ownSlices.count, "SliceSum.take", "all of the rank's slices have been taken")
        // After slice i as many subtrees are complete as i has ones at its end, like carries of a binary counter.
        for _ in 0..<(~taken).trailingZeroBitCount {
            Self.add(buffers[pending].pointer, to: buffers[pending - 1].pointer, total.count)
            pending -= 1
        }
        taken += 1
        pending += 1
    }

    /// Adds over the ranks, once all own slices have been taken.
    /// - Returns: what any rank had in its flags.
    package func finish(_ flags: SharedFlags = []) throws -> SharedFlags {
        require(taken == ownSlices.count, "SliceSum.finish", "not all of the rank's slices have been taken")
        (taken, pending) = (0, 0)
        return try addOverRanks(flags)
    }

    /// y += x, as everywhere in the tree.
    fileprivate static func add(_ x: UnsafePointer<S>, to y: UnsafeMutablePointer<S>, _ count: Int) {
        parallelFor(count, grain: elementGrain) { S.accumulate(x + $0.lowerBound, y + $0.lowerBound, $0.count) }
    }
}

// Over the ranks the tree goes on: first the two of each pair, then the pairs at distance 2, 4, ... Of large arrays each
// rank takes care of a part that becomes smaller by half each time, and the parts are gathered in the end, which moves
// as few bytes as any way does. Small ones are exchanged whole, in half as many turns. Both add the same pairs.
extension SliceSum {
    /// Arrays up to this many bytes are exchanged whole.
    private static var smallBytes: Int { 1 << 14 }

    private func addOverRanks(_ flags: SharedFlags) throws -> SharedFlags {
        group.calls += 1
        guard group.size > 1 else { return flags }
        let isSmall = total.count * MemoryLayout<S>.stride <= Self.smallBytes
        return try isSmall ? addWhole(flags) : addHalves(flags)
    }

    private func addWhole(_ flags: SharedFlags) throws -> SharedFlags {
        let other = Storage<S>(count: total.count)
        var flags = flags
        for distance in distances {
            let came = try swap(
                group.rank ^ distance, 0..<total.count, flags, into: other.pointer, count: total.count)
            flags.formUnion(came)
            Self.add(other.pointer, to: total.pointer, total.count)
        }
        return flags
    }

    private func addHalves(_ flags: SharedFlags) throws -> SharedFlags {
        let other = Storage<S>(count: (total.count + 1) / 2 + Self.border)
        var flags = flags
        var parts = [0..<total.count]
        for distance in distances {
            let (lower, upper) = Self.halves(parts[parts.count - 1])
            let (own, others) = group.rank & distance == 0 ? (lower, upper) : (upper, lower)
            let came = try swap(group.rank ^ distance, others, flags, into: other.pointer, count: own.count)
            flags.formUnion(came)
            Self.add(other.pointer, to: total.pointer + own.lowerBound, own.count)
            parts.append(own)
        }
        for (level, distance) in distances.enumerated().reversed() {
            let own = parts[level + 1]
            let (lower, upper) = Self.halves(parts[level])
            let others = own == lower ? upper : lower
            _ = try swap(
                group.rank ^ distance, own, flags, into: total.pointer + others.lowerBound, count: others.count)
        }
        return flags
    }

    private var distances: [Int] { (0..<group.size.trailingZeroBitCount).map { 1 << $0 } }

    /// Halves end where lines of the cache do.
    private static var border: Int { 16 }

    private static func halves(_ range: Range<Int>) -> (lower: Range<Int>, upper: Range<Int>) {
        let middle = min(range.upperBound, range.lowerBound + (range.count / 2 + border - 1) / border * border)
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }

    /// Sends a part of the sum to another rank and takes a part of its own from it.
    private func swap(
        _ other: Int, _ part: Range<Int>, _ flags: SharedFlags, into memory: UnsafeMutablePointer<S>, count: Int
    ) throws -> SharedFlags {
        let sent = UnsafeRawBufferPointer(
            UnsafeBufferPointer(start: total.pointer + part.lowerBound, count: part.count))
        sentBytes += sent.count
        let came = try group.transfer(.sum, to: other, sent, from: other, flags: flags.rawValue) { _ in
            UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: memory, count: count))
        }
        return SharedFlags(rawValue: came)
    }
}

extension ProcessGroup {
    /// The run of slices that this rank computes.
    /// - Throws: `DistributedError` where `slices` is no power of two or the ranks do not divide it.
    package func ownSlices(of slices: Int) throws -> Range<Int> {
        guard slices > 0, slices & (slices - 1) == 0 else {
            throw DistributedError("a batch has \(slices) slices, expected a power of two")
        }
        guard slices % size == 0 else {
            let fitting = (0...slices.trailingZeroBitCount).map { 1 << $0 }.last { $0 <= size } ?? 1
            throw DistributedError(
                "\(size) ranks cannot share a batch of \(slices) slices, the number of ranks must divide it; start "
                    + "\(fitting) \(fitting == 1 ? "rank" : "ranks"), or set training.slices to a larger power of two")
        }
        let count = slices / size
        return rank * count..<(rank + 1) * count
    }

    /// The fixed-tree sum of small arrays.
    /// - Parameter own: one array for each slice that this rank owns, all of one length.
    package func sum<S: Scalar>(_ own: [[S]], slices: Int) throws -> [S] {
        let count = own.first?.count ?? 0
        let sum = try SliceSum<S>(slices: slices, count: count, in: self)
        require(own.count == sum.ownSlices.count, "ProcessGroup.sum", "there is not one array for each own slice")
        for values in own {
            require(values.count == count, "ProcessGroup.sum", "the slices' arrays have different lengths")
            values.withUnsafeBufferPointer {
                if let start = $0.baseAddress { sum.next.pointer.update(from: start, count: count) }
            }
            sum.take()
        }
        _ = try sum.finish()
        return Array(UnsafeBufferPointer(start: sum.total.pointer, count: count))
    }
}
