import Tensors

/// Orders by score in which equal scores keep their order, so that lists are the same everywhere.
public enum Ranking {
    /// A score and where it stands; by falling score, then by rising index.
    @usableFromInline
    struct Ranked<S: BinaryFloatingPoint> {
        @usableFromInline let score: S
        @usableFromInline let index: Int

        @inlinable
        init(_ score: S, _ index: Int) { (self.score, self.index) = (score, index) }

        @inlinable
        func precedes(_ other: Ranked) -> Bool {
            score > other.score || score == other.score && index < other.index
        }
    }

    /// The indices of all scores by falling score, the lower index first where scores are equal. Scores are numbers, not NaN.
    @inlinable
    public static func order<S: BinaryFloatingPoint>(_ scores: [S]) -> [Int] {
        scores.withUnsafeBufferPointer { top($0, .max, above: -.infinity) }
    }

    /// The indices of the highest scores above a threshold, by falling score, the lower index first where scores are equal.
    /// - Parameters:
    ///   - count: no more than so many.
    ///   - threshold: scores that are not above it are passed over, and so is NaN.
    @inlinable
    public static func top<S: BinaryFloatingPoint>(
        _ scores: [S], _ count: Int, above threshold: S = -.infinity
    ) -> [Int] {
        scores.withUnsafeBufferPointer { top($0, count, above: threshold) }
    }

    /// The same of memory that is not an array.
    @inlinable
    public static func top<S: BinaryFloatingPoint>(
        _ scores: UnsafeBufferPointer<S>, _ count: Int, above threshold: S = -.infinity
    ) -> [Int] {
        var ranked: [Ranked<S>] = []
        // Minus infinity is above no number, but as no threshold it lets everything pass.
        if threshold == -.infinity {
            ranked.reserveCapacity(scores.count)
            for index in scores.indices where !scores[index].isNaN { ranked.append(Ranked(scores[index], index)) }
        } else {
            for index in scores.indices where scores[index] > threshold {
                ranked.append(Ranked(scores[index], index))
            }
        }
        if count < ranked.count { select(&ranked, max(0, count)) }
        ranked.sort { $0.precedes($1) }
        return ranked.map(\.index)
    }

    /// Leaves the first `count` of the order, in any order.
    @inlinable
    static func select<S: BinaryFloatingPoint>(_ ranked: inout [Ranked<S>], _ count: Int) {
        var (low, high) = (0, ranked.count - 1)
        while low < high {
            // The middle one of three; no two precede each other, so that each round splits.
            let three = [ranked[low], ranked[low + (high - low) / 2], ranked[high]].sorted { $0.precedes($1) }
            let pivot = three[1]
            var (i, j) = (low, high)
            while i <= j {
                while ranked[i].precedes(pivot) { i += 1 }
                while pivot.precedes(ranked[j]) { j -= 1 }
                if i <= j {
                    ranked.swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if count <= j { high = j } else if count >= i { low = i } else { break }
        }
        ranked.removeLast(ranked.count - count)
    }
}
