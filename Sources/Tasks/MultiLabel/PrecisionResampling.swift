import Tensors

/// How far the mean average precision would move with other images, by the bootstrap; see `Resampling`.
struct PrecisionResampling {
    /// For each class the images from the highest score on, and whether each has the score of the one before.
    private let orders: [[(image: Int, isTied: Bool)]]
    private let present: [Bool]
    private let images: Int

    /// - Parameters:
    ///   - logits: [image][class].
    ///   - present: [image][class].
    /// - Returns: nil without images, or for too many answers.
    init?(logits: [Float], present: [Bool], classes: Int) {
        guard classes > 0, Resampling.isFeasible(logits.count) else { return nil }
        let images = logits.count / classes
        (self.images, self.present) = (images, present)
        orders = (0..<classes).map { c in
            let order = (0..<images).sorted { (logits[$1 * classes + c], $0) < (logits[$0 * classes + c], $1) }
            return order.enumerated().map { place, image in
                (image, place > 0 && logits[image * classes + c] == logits[order[place - 1] * classes + c])
            }
        }
    }

    /// The middle 95 % of the resampled means.
    var interval: Resampling.Interval {
        var means = [Double](repeating: 0, count: Resampling.rounds)
        means.withUnsafeMutableBufferPointer { means in
            let places = Places(means)
            parallelFor(Resampling.rounds, grain: 8) { range in
                for round in range { places.start[round] = mean(round) }
            }
        }
        return Resampling.interval(means)
    }

    private func mean(_ round: Int) -> Double {
        var random = Random(seed: 0, purpose: "bootstrap", round)
        var counts = [Int](repeating: 0, count: images)
        for _ in 0..<images { counts[random.integer(below: images)] += 1 }
        let found = orders.indices.compactMap { averagePrecision($0, counts) }
        return found.isEmpty ? 0 : found.reduce(0, +) / Double(found.count)
    }

    /// As `BinaryRanking` has it, each image as often as it was drawn.
    private func averagePrecision(_ c: Int, _ counts: [Int]) -> Double? {
        let classes = orders.count
        var (seen, right, sum, own) = (0, 0, 0.0, 0)
        func endGroup() {
            if own > 0 { sum += Double(own) * Double(right) / Double(seen) }
            own = 0
        }
        for entry in orders[c] {
            if !entry.isTied { endGroup() }
            seen += counts[entry.image]
            if present[entry.image * classes + c] {
                right += counts[entry.image]
                own += counts[entry.image]
            }
        }
        endGroup()
        return right > 0 ? sum / Double(right) : nil
    }
}
