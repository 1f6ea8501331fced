import JSON

/// How often values of equal ranges occur.
package struct Histogram: Sendable, Equatable {
    /// The smallest and the largest finite value; 0 where there is none.
    package let low: Double
    package let high: Double
    package let mean: Double
    package let meanSquare: Double
    /// How many finite values lie in each of the equal parts of `low...high`.
    package let bins: [Int]

    /// No overflow is possible: a file's bins are bounded, and memory's cannot be more than there are numbers.
    package var count: Int { bins.reduce(0, &+) }
    package var rootMeanSquare: Double { meanSquare.squareRoot() }

    /// The upper end of each bin.
    package var limits: [Double] {
        let width = (high - low) / Double(bins.count)
        return bins.indices.map { $0 == bins.count - 1 ? high : low + width * Double($0 + 1) }
    }

    /// Counts the finite values of some pieces of memory.
    package init(_ pieces: [UnsafeBufferPointer<Float>], bins binCount: Int = 30) {
        var (low, high) = (Float.infinity, -Float.infinity)
        var (sum, squares, count) = (0.0, 0.0, 0)
        for piece in pieces {
            for value in piece where value.isFinite {
                low = min(low, value)
                high = max(high, value)
                sum += Double(value)
                squares += Double(value) * Double(value)
                count += 1
            }
        }
        if count == 0 { (low, high) = (0, 0) }
        var bins = [Int](repeating: 0, count: binCount)
        let scale = high > low ? Double(binCount) / (Double(high) - Double(low)) : 0
        for piece in pieces {
            for value in piece where value.isFinite {
                bins[min(binCount - 1, Int(bounded: (Double(value) - Double(low)) * scale))] += 1
            }
        }
        self.low = Double(low)
        self.high = Double(high)
        mean = sum / Double(max(1, count))
        meanSquare = squares / Double(max(1, count))
        self.bins = bins
    }

    /// The value below which a share of the values lies, by straight lines within bins.
    package func quantile(_ share: Double) -> Double {
        let wanted = share * Double(count)
        let width = (high - low) / Double(bins.count)
        var below = 0.0
        for (index, bin) in bins.enumerated() where bin > 0 {
            if below + Double(bin) >= wanted {
                return low + width * (Double(index) + (wanted - below) / Double(bin))
            }
            below += Double(bin)
        }
        return high
    }

    package var json: JSONValue {
        [
            "low": .number(low), "high": .number(high), "mean": .number(mean), "meanSquare": .number(meanSquare),
            "bins": .array(bins.map { .integer($0) }),
        ]
    }

    /// More bins, or more values in one, than any report of ours has are taken for damage; their sum fits `Int`.
    private static let mostBins = 1 << 10
    private static let mostValues = 1 << 52

    /// `nil` where a member is missing or a count is absurd.
    package init?(_ json: JSONValue) {
        guard let low = json["low"]?.doubleValue, let high = json["high"]?.doubleValue,
            let mean = json["mean"]?.doubleValue, let meanSquare = json["meanSquare"]?.doubleValue,
            let bins = json["bins"]?.arrayValue?.compactMap(\.integerValue), (1...Self.mostBins).contains(bins.count),
            high >= low, (high - low).isFinite, bins.allSatisfy((0...Self.mostValues).contains)
        else { return nil }
        (self.low, self.high, self.mean, self.meanSquare, self.bins) = (low, high, mean, meanSquare, bins)
    }
}
