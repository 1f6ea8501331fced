import Tensors

/// Which of the matched anchors or regions a step learns from: some that have an object and some that have none.
public struct Sampler: Codable, Hashable, Sendable {
    /// How many are drawn for an image; nil takes all.
    public var count: Int?
    /// Which part of them may have an object, 0...1.
    public var fraction: Double

    /// - Parameters:
    ///   - count: how many are drawn for an image; nil takes all.
    ///   - fraction: which part of them may have an object; those without fill the rest, however many that is.
    public init(count: Int?, fraction: Double) { (self.count, self.fraction) = (count, fraction) }

    /// What was drawn, in rising order.
    public struct Sample: Sendable, Equatable {
        /// Indices of those with an object.
        public var positives: [Int]
        /// Indices of those without one.
        public var negatives: [Int]
    }

    /// Draws from matches, without drawing any twice.
    /// - Parameters:
    ///   - matches: as `Matcher` gives them; ignored ones are not drawn.
    ///   - key: of the seed, the step, the image and the stage: the same key draws the same.
    public func sample(_ matches: [Int32], _ key: RandomKey) -> Sample {
        var (positives, negatives) = ([Int](), [Int]())
        for (index, match) in matches.enumerated() {
            if match >= 0 { positives.append(index) } else if match == Matcher.nothing { negatives.append(index) }
        }
        guard let count else { return Sample(positives: positives, negatives: negatives) }
        let drawn = Self.draw(Int(Double(count) * fraction), positives, key.derived("positives"))
        return Sample(
            positives: drawn, negatives: Self.draw(count - drawn.count, negatives, key.derived("negatives")))
    }

    /// `count` of the items in their order, every choice being as likely (Fisher and Yates); all where there are no more.
    private static func draw(_ count: Int, _ items: [Int], _ key: RandomKey) -> [Int] {
        guard count < items.count else { return items }
        guard count > 0 else { return [] }
        var random = Random(key)
        // Of the items that would be moved to make room only those that were moved are remembered: most are not drawn.
        var moved: [Int: Int] = [:]
        var chosen: [Int] = []
        chosen.reserveCapacity(count)
        for place in 0..<count {
            let other = place + random.integer(below: items.count - place)
            chosen.append(items[moved[other] ?? other])
            moved[other] = moved[place] ?? place
        }
        return chosen.sorted()
    }
}
