/// How scores rank what is of a class above what is not.
package struct BinaryRanking: Sendable {
    /// From the highest score on.
    private let entries: [(score: Float, isIts: Bool)]
    /// How many are of the class.
    package let positives: Int

    package init(_ entries: some Sequence<(score: Float, isIts: Bool)>) {
        self.entries = entries.sorted { $0.score > $1.score }
        positives = self.entries.count { $0.isIts }
    }

    /// Goes over the different scores from the highest one on: how many there are of each, and how many of those are of the
    /// class.
    private func groups(_ body: (_ score: Float, _ count: Int, _ own: Int, _ next: Float?) -> Void) {
        var first = 0
        while first < entries.count {
            let score = entries[first].score
            var end = first
            var own = 0
            repeat {
                if entries[end].isIts { own += 1 }
                end += 1
            } while end < entries.count && entries[end].score == score
            body(score, end - first, own, end < entries.count ? entries[end].score : nil)
            first = end
        }
    }

    /// The area under the receiver operating characteristic: how often something of the class has a higher score than
    /// something else; ties count half. By the sum of the ranks, equal scores sharing theirs (Mann and Whitney).
    /// - Returns: nil where there is nothing of the class, or nothing else.
    package var area: Double? {
        let negatives = entries.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        var rankSum = 0.0
        var left = entries.count
        groups { _, count, own, _ in
            // Ranks left - count + 1 ... left from the lowest score on, on average.
            rankSum += Double(own) * Double(2 * left - count + 1) / 2
            left -= count
        }
        let (p, n) = (Double(positives), Double(negatives))
        return (rankSum - p * (p + 1) / 2) / (p * n)
    }

    /// The average precision: the sum over thresholds of the precision there times what recall it adds, without
    /// interpolation; equal scores are of one threshold.
    /// - Returns: nil where there is nothing of the class.
    package var averagePrecision: Double? {
        guard positives > 0 else { return nil }
        var (seen, right, sum) = (0, 0, 0.0)
        groups { _, count, own, _ in
            seen += count
            right += own
            sum += Double(own) * Double(right) / Double(seen)
        }
        return sum / Double(positives)
    }

    /// The threshold at which F1 is highest, halfway between neighboring scores; of several the highest one.
    /// - Returns: nil where there is nothing of the class.
    package var bestThreshold: (score: Double, f1: Double)? {
        guard positives > 0 else { return nil }
        var (seen, right) = (0, 0)
        var best: (score: Double, f1: Double)?
        groups { score, count, own, next in
            seen += count
            right += own
            let f1 = 2 * Double(right) / Double(seen + positives)
            if f1 > best?.f1 ?? 0 {
                // Below the lowest score there is nothing to be halfway to.
                best = ((Double(score) + Double(next ?? score - 1)) / 2, f1)
            }
        }
        return best
    }
}
