import Tensors

/// What the slices of a batch are made to add, and their sum.
package enum SliceNumbers {
    /// Numbers of very different sizes, so that every order of adding them gives other bits.
    package static func values<S: Scalar>(slice: Int, _ count: Int) -> [S] {
        var key = UInt64(slice + 1) &* 0x9e37_79b9_7f4a_7c15
        return (0..<count).map { _ in
            key ^= key << 13
            key ^= key >> 7
            key ^= key << 17
            let fraction = Double(key >> 11) / Double(1 << 53) - 0.5
            let size = key & 3 == 0 ? 1e-3 : key & 3 == 1 ? 1 : key & 3 == 2 ? 1e3 : 1e6
            return S(fraction * size)
        }
    }

    /// The tree as it is meant, with nothing clever.
    package static func tree<S: Scalar>(_ slices: Range<Int>, _ count: Int) -> [S] {
        guard slices.count > 1 else { return values(slice: slices.lowerBound, count) }
        let middle = (slices.lowerBound + slices.upperBound) / 2
        let low: [S] = tree(slices.lowerBound..<middle, count)
        let high: [S] = tree(middle..<slices.upperBound, count)
        return zip(low, high).map { $0 + $1 }
    }
}
