/// The free part of memory for large blocks. It comes from the system in one piece as far as the system allows that; blocks
/// are cut from it and joined again with their free neighbors, so that tensors of any sizes live in the same memory one after
/// the other. What is asked for is taken from the smallest free range that is large enough, which a function of the blocks
/// taken and given before decides: the same step finds the same memory.
struct Arena {
    /// Sizes are multiples of this.
    static let page = 4096
    /// Where the memory starts, if nothing is there: far from anything else, so that it can grow in place.
    private static let start: UInt = Int.bitWidth == 64 ? 0x2000_0000_0000 : 0

    /// By address; no two touch.
    private var free: [Range<UInt>] = []
    /// Where the memory ends that the system gave last.
    private var end = Arena.start

    /// Takes a block of pages.
    /// - Parameter inUse: bytes that are in use, for the sentence on exhausted memory.
    /// - Returns: where it starts, and how many bytes the system had to give for it.
    mutating func take(_ size: Int, inUse: Int) -> (start: UInt, new: Int) {
        var (best, least) = (-1, Int.max)
        for (index, range) in free.enumerated() {
            let count = Int(range.upperBound - range.lowerBound)
            if count >= size, count < least { (best, least) = (index, count) }
        }
        guard best >= 0 else { return grow(size, inUse: inUse) }
        let start = free[best].lowerBound
        if least == size {
            free.remove(at: best)
        } else {
            free[best] = start + UInt(size)..<free[best].upperBound
        }
        return (start, 0)
    }

    /// Takes what is missing from the system, behind the last free range if that is at the end.
    private mutating func grow(_ size: Int, inUse: Int) -> (start: UInt, new: Int) {
        let last = free.firstIndex { $0.upperBound == end }
        let tail = last.map { Int(free[$0].upperBound - free[$0].lowerBound) } ?? 0
        var new = size - tail
        var start = SystemMemory.map(new, at: end, inUse: inUse)
        if start == end, let last {
            start = free.remove(at: last).lowerBound
        } else if tail > 0 {
            // Another program part lies there: a block of its own.
            SystemMemory.unmap(start, new)
            new = size
            start = SystemMemory.map(new, at: 0, inUse: inUse)
        }
        end = start + UInt(size)
        return (start, new)
    }

    /// Gives a block back.
    mutating func give(_ start: UInt, _ size: Int) {
        var (low, high) = (0, free.count)
        while low < high {
            let middle = (low + high) / 2
            if free[middle].lowerBound < start { low = middle + 1 } else { high = middle }
        }
        var range = start..<start + UInt(size)
        if low < free.count, free[low].lowerBound == range.upperBound {
            range = range.lowerBound..<free.remove(at: low).upperBound
        }
        if low > 0, free[low - 1].upperBound == range.lowerBound {
            free[low - 1] = free[low - 1].lowerBound..<range.upperBound
        } else {
            free.insert(range, at: low)
        }
    }
}
