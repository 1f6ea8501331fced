import Tensors

/// How far figures of a test set would move with other images: intervals by the bootstrap.
public struct Resampling: Sendable, Equatable {
    /// The middle 95 % of the resampled values.
    public struct Interval: Sendable, Equatable {
        /// 2.5 % of them are lower.
        public let low: Double
        /// 2.5 % of them are higher.
        public let high: Double
    }

    /// Of the share of right predictions.
    public let accuracy: Interval
    /// Of the mean recall of the classes that have images.
    public let balancedAccuracy: Interval
    /// Of the mean F1 of the classes that have images.
    public let macroF1: Interval

    /// How often the images are drawn anew.
    public static let rounds = 1000
    /// Draws beyond this take too long, and the interval of so many images is narrow.
    private static let mostDraws = 200_000_000

    /// Draws as many images as there are, with replacement, a thousand times (Efron and Tibshirani, An Introduction to
    /// the Bootstrap, 1993, chapter 13); the same matrix gives the same intervals.
    /// - Parameter confusion: [true class][predicted class], counts.
    /// - Returns: nil without images, or for too many of them.
    public init?(confusion: [[Int]]) {
        var cells: [(actual: Int, predicted: Int)] = []
        for (actual, row) in confusion.enumerated() {
            for (predicted, count) in row.enumerated() where count > 0 {
                cells += repeatElement((actual: actual, predicted: predicted), count: count)
            }
        }
        guard Self.isFeasible(cells.count) else { return nil }
        let classes = confusion.count
        var found: [(accuracy: Double, recall: Double, f1: Double)] = []
        for round in 0..<Self.rounds {
            var random = Random(seed: 0, purpose: "bootstrap", round)
            var counts = Counts(classes: classes)
            for _ in cells.indices {
                let cell = cells[random.integer(below: cells.count)]
                counts.add(cell.actual, cell.predicted)
            }
            found.append(counts.figures)
        }
        accuracy = Self.interval(found.map(\.accuracy))
        balancedAccuracy = Self.interval(found.map(\.recall))
        macroF1 = Self.interval(found.map(\.f1))
    }

    private struct Counts {
        var images: [Int]
        var predicted: [Int]
        var right: [Int]

        init(classes: Int) {
            images = Array(repeating: 0, count: classes)
            (predicted, right) = (images, images)
        }

        mutating func add(_ actual: Int, _ answer: Int) {
            images[actual] += 1
            predicted[answer] += 1
            if actual == answer { right[actual] += 1 }
        }

        var figures: (accuracy: Double, recall: Double, f1: Double) {
            var (all, hits, present) = (0, 0, 0)
            var (recall, f1) = (0.0, 0.0)
            for c in images.indices where images[c] > 0 {
                all += images[c]
                hits += right[c]
                present += 1
                recall += Double(right[c]) / Double(images[c])
                f1 += 2 * Double(right[c]) / Double(images[c] + predicted[c])
            }
            return (Double(hits) / Double(all), recall / Double(present), f1 / Double(present))
        }
    }

    /// Whether so many images can be drawn anew so often; without images there is nothing to draw.
    static func isFeasible(_ images: Int) -> Bool { images > 0 && images <= mostDraws / rounds }

    /// The middle 95 % of the values of all rounds.
    static func interval(_ values: [Double]) -> Interval {
        let sorted = values.sorted()
        let cut = rounds * 25 / 1000
        return Interval(low: sorted[cut], high: sorted[rounds - 1 - cut])
    }
}
